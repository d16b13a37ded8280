import { Injectable, type OnModuleDestroy } from '@nestjs/common';
import { Clock } from '../../../kernel/clock.js';
import type { CredentialId } from '../../../kernel/ids.js';
import { Settings } from '../../../platform/config/settings.js';
import { KeyManagementService } from '../../../platform/kms/key-management-service.js';
import { CredentialVault } from '../credentials.contract.js';
import { credentialsErrors } from '../credentials.errors.js';
import { CredentialSnapshot, type SealedCredential, sameSecret } from './credential-snapshot.js';
import { openEnvelope } from './envelope.js';

/** Opened secrets kept at a time; past it the one opened longest ago goes. */
const MAX_OPENED = 4_096;
/** How long a failure answers for the calls that follow, so that a busy credential does not hammer a service that is down. */
const FAILURE_MS = 1_000;

interface Opened {
  readonly bytes: Buffer;
  readonly untilMs: number;
  readonly timer: NodeJS.Timeout;
}

interface Failed {
  readonly of: SealedCredential;
  readonly error: unknown;
  readonly untilMs: number;
}

interface Flight {
  readonly of: SealedCredential;
  readonly secret: Promise<string>;
}

/**
 * Opens secrets, and keeps them for `LETHE_CREDENTIAL_CACHE_SECONDS` from the moment they were opened, never longer: that is also how
 * long calls go on while the key management service is away. 0 keeps nothing, and asks it for every call.
 *
 * What is kept is a buffer, overwritten when its time is over, when the credential changes and when the process stops. The string a
 * call gets cannot be overwritten in JavaScript; it is made for that call, held by nothing here, and gone with the next collection.
 */
@Injectable()
export class CachedVault extends CredentialVault implements OnModuleDestroy {
  private readonly opened = new Map<CredentialId, Opened>();
  private readonly flights = new Map<CredentialId, Flight>();
  private readonly failures = new Map<CredentialId, Failed>();
  private readonly keepMs: number;

  constructor(
    private readonly snapshot: CredentialSnapshot,
    private readonly kms: KeyManagementService,
    private readonly clock: Clock,
    settings: Settings,
  ) {
    super();
    this.keepMs = settings.credentialCacheSeconds * 1000;
    snapshot.onSecretGone((id) => this.forget(id));
  }

  override open(id: CredentialId): string | Promise<string> {
    const known = this.opened.get(id);
    if (known !== undefined && known.untilMs > this.clock.monotonicMs()) return known.bytes.toString('latin1');
    const credential = this.snapshot.sealed(id);
    if (!credential) throw credentialsErrors.not_found();
    if (!credential.summary.active) throw credentialsErrors.disabled();
    const failed = this.failures.get(id);
    if (failed?.of === credential && failed.untilMs > this.clock.monotonicMs()) return Promise.reject(failed.error as Error);
    const flight = this.flights.get(id);
    return flight?.of === credential ? flight.secret : this.fly(id, credential);
  }

  onModuleDestroy(): void {
    for (const id of this.opened.keys()) this.forget(id);
  }

  /** How many opened secrets are in memory now. */
  get size(): number {
    return this.opened.size;
  }

  private fly(id: CredentialId, credential: SealedCredential): Promise<string> {
    const secret = this.unseal(id, credential).finally(() => {
      if (this.flights.get(id)?.of === credential) this.flights.delete(id);
    });
    this.flights.set(id, { of: credential, secret });
    return secret;
  }

  private async unseal(id: CredentialId, credential: SealedCredential): Promise<string> {
    const { organisationId } = credential.summary;
    const context = { organisationId, credentialId: id, version: credential.version };
    const bytes = await openEnvelope(this.kms, credential.sealed, context).catch((error: unknown) => {
      if (this.failures.size >= MAX_OPENED) this.failures.clear();
      this.failures.set(id, { of: credential, error, untilMs: this.clock.monotonicMs() + FAILURE_MS });
      throw error;
    });
    const secret = bytes.toString('latin1');
    this.failures.delete(id);
    // The credential may have changed while it was being opened: those who asked before get what they asked for, nobody after.
    if (this.keepMs > 0 && sameSecret(credential, this.snapshot.sealed(id))) this.keep(id, bytes);
    else bytes.fill(0);
    return secret;
  }

  private keep(id: CredentialId, bytes: Buffer): void {
    this.forget(id);
    const [oldest] = this.opened.keys();
    if (this.opened.size >= MAX_OPENED && oldest !== undefined) this.forget(oldest);
    // Overwrites it in time even when nobody asks again.
    const timer = setTimeout(() => this.forget(id), this.keepMs).unref();
    this.opened.set(id, { bytes, untilMs: this.clock.monotonicMs() + this.keepMs, timer });
  }

  private forget(id: CredentialId): void {
    const known = this.opened.get(id);
    if (!known) return;
    this.opened.delete(id);
    clearTimeout(known.timer);
    known.bytes.fill(0);
  }
}
