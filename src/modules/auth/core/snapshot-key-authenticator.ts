import { Injectable } from '@nestjs/common';
import { Clock } from '../../../kernel/clock.js';
import type { AppError } from '../../../kernel/errors.js';
import { hashSecret } from '../../../kernel/secrets.js';
import type { ServiceKeyPrincipal } from '../../../platform/http/principal.js';
import { Tenants } from '../../tenants/tenants.contract.js';
import { KeyAuthenticator } from '../auth.contract.js';
import { authErrors } from '../auth.errors.js';
import { expiryMs, isPrevious, type KeyRow, type KnownKey } from './key-book.js';
import { KeySnapshot } from './key-snapshot.js';
import { KeyUses } from './key-uses.js';
import { RecentRefusals } from './recent-refusals.js';
import { API_KEY_PREFIX, hasSecretShape, isIssuable } from './secret-format.js';

const RETRY_AFTER_SECONDS = 2;

/** {@link KeyAuthenticator} from memory. A known key costs one SHA-256, one map look-up and one comparison: about 2 µs. */
@Injectable()
export class SnapshotKeyAuthenticator extends KeyAuthenticator {
  private readonly refusals: RecentRefusals;

  constructor(
    private readonly keys: KeySnapshot,
    private readonly tenants: Tenants,
    private readonly uses: KeyUses,
    private readonly clock: Clock,
  ) {
    super();
    this.refusals = new RecentRefusals(clock);
  }

  override authenticate(presentedKey: string, remoteAddress: string): ServiceKeyPrincipal | Promise<ServiceKeyPrincipal> {
    if (presentedKey === '') throw authErrors.missing_key();
    if (!hasSecretShape(presentedKey, API_KEY_PREFIX)) throw authErrors.invalid_key();
    const hash = hashSecret(presentedKey);
    const known = this.keys.find(hash);
    if (known !== undefined) return this.admit(known, remoteAddress);
    if (!isIssuable(presentedKey, API_KEY_PREFIX)) throw authErrors.invalid_key();
    const refusal = this.refusals.find(hash);
    if (refusal !== undefined) throw refusal();
    return this.lookUp(hash).then((found) => this.admit(found, remoteAddress));
  }

  private admit(known: KnownKey, remoteAddress: string): ServiceKeyPrincipal {
    const { principal } = known;
    const nowMs = this.clock.nowMs();
    if (nowMs >= known.expiresAtMs) throw known.rotated ? authErrors.rotated_key() : authErrors.expired_key();
    if (known.networks !== null && !known.networks.includes(remoteAddress)) throw authErrors.network_not_allowed();
    if (known.blocked) throw authErrors.key_blocked();
    if (!this.tenants.isActive(principal.organisationId, principal.projectId)) throw authErrors.organisation_suspended();
    this.uses.note(principal.id, nowMs);
    this.uses.noteOrigin(principal, remoteAddress, nowMs);
    if (known.rotated) this.uses.noteRotated(principal.id, nowMs);
    return principal;
  }

  private async lookUp(hash: Buffer): Promise<KnownKey> {
    const asOf = this.keys.generation;
    const row = await this.keys.lookUp(hash).catch(cannotTell);
    const refusal = this.refusalOf(row, hash);
    if (row === null || refusal !== undefined) return this.refuse(hash, refusal ?? authErrors.invalid_key);
    // A key may be used a moment after its organisation was made, before this replica has heard of either.
    if (!this.tenants.isActive(row.organisationId, row.projectId)) {
      await this.tenants.refresh(row.organisationId, row.projectId).catch(cannotTell);
    }
    return this.keys.remember(row, hash, asOf);
  }

  private refusalOf(row: KeyRow | null, hash: Buffer): (() => AppError) | undefined {
    if (row === null) return authErrors.invalid_key;
    if (row.revokedAt !== null) return authErrors.revoked_key;
    if (this.clock.nowMs() < expiryMs(row, hash)) return undefined;
    return isPrevious(row, hash) ? authErrors.rotated_key : authErrors.expired_key;
  }

  private refuse(hash: Buffer, refusal: () => AppError): never {
    this.refusals.add(hash, refusal);
    throw refusal();
  }
}

/** Not being able to tell is never a 401: clients throw a key away that is answered so (peers 25). */
function cannotTell(cause: unknown): never {
  throw authErrors.unavailable({ cause, details: { retryAfterSeconds: RETRY_AFTER_SECONDS } });
}
