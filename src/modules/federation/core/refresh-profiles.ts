import { Injectable } from '@nestjs/common';
import { Clock } from '../../../kernel/clock.js';
import { AppError } from '../../../kernel/errors.js';
import { type Tx, UnitOfWork } from '../../../platform/database/unit-of-work.js';
import { KeyManagementService } from '../../../platform/kms/key-management-service.js';
import { Log } from '../../../platform/telemetry/logger.js';
import { ExternalGrantsRepository } from '../data/external-grants.repository.js';
import { ExternalIdentitiesRepository } from '../data/external-identities.repository.js';
import type { ExternalGrantRow } from '../data/external-grant.entity.js';
import type { ExternalIdentityRow } from '../data/external-identity.entity.js';
import { IdentityProvidersRepository, type Provider } from '../data/identity-providers.repository.js';
import { AuthorizationCodeClient, type VerifiedPerson } from './authorization-code-client.js';
import { IdentityBook } from './identity-book.js';
import { KeepGrant, REFRESH_EVERY_MS } from './keep-grant.js';
import { openProviderSecret } from './provider-secret.js';

const BATCH = 20;
/** When a provider that did not answer is asked again. */
const RETRY_MS = 900_000;
const ACTOR = { kind: 'system', id: 'refresh-profiles' } as const;

export interface RefreshReport {
  refreshed: number;
  /** The provider is switched off; it is looked at again later. */
  postponed: number;
  /** The provider has taken the grant back. */
  ended: number;
  failed: number;
}

interface DueGrant {
  readonly grant: ExternalGrantRow;
  readonly identity: ExternalIdentityRow;
  readonly provider: Provider;
}

/** Asks providers again about people who have let us, so that a VIP who is none any more stops being one without signing in (A1). */
@Injectable()
export class RefreshProfiles {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly grants: ExternalGrantsRepository,
    private readonly identities: ExternalIdentitiesRepository,
    private readonly providers: IdentityProvidersRepository,
    private readonly client: AuthorizationCodeClient,
    private readonly keepGrant: KeepGrant,
    private readonly kms: KeyManagementService,
    private readonly book: IdentityBook,
    private readonly clock: Clock,
    private readonly log: Log,
  ) {}

  /** Goes on past people and providers that fail. A round that was cut short is taken up by the next: what is due is read from the rows. */
  async run(signal?: AbortSignal): Promise<RefreshReport> {
    const report: RefreshReport = { refreshed: 0, postponed: 0, ended: 0, failed: 0 };
    for (;;) {
      const due = await this.unitOfWork.asSystem((tx) => this.due(tx));
      for (const one of due) {
        if (signal?.aborted) return report;
        report[await this.refreshOne(one)] += 1;
      }
      if (due.length < BATCH) return report;
    }
  }

  private async due(tx: Tx): Promise<DueGrant[]> {
    const due: DueGrant[] = [];
    for (const grant of await this.grants.due(tx, this.clock.now(), BATCH)) {
      const identity = await this.identities.find(tx, grant.identityId);
      const provider = identity === null ? null : await this.providers.findAny(tx, identity.providerId);
      if (identity !== null && provider !== null) due.push({ grant, identity, provider });
    }
    return due;
  }

  private async refreshOne(due: DueGrant): Promise<keyof RefreshReport> {
    try {
      if (due.provider.status !== 'active') return await this.postpone(due, REFRESH_EVERY_MS, 'postponed');
      const verified = await this.ask(due);
      if (verified === null) return await this.end(due);
      // The token first: a provider that rotates them takes the old one no more.
      if (verified.refreshToken !== null) await this.keepGrant.run(due.grant.identityId, verified.refreshToken);
      await this.unitOfWork.asSystem((tx) => this.book.refresh(tx, ACTOR, due.identity, verified.person.profile));
      return 'refreshed';
    } catch (error) {
      const code = error instanceof AppError ? error.code : 'unknown';
      this.log.warn('a profile could not be refreshed; it is tried again later', { component: 'federation', code, err: error });
      return this.postpone(due, RETRY_MS, 'failed');
    }
  }

  private async postpone<T>({ grant }: DueGrant, ms: number, outcome: T): Promise<T> {
    await this.unitOfWork.asSystem((tx) => this.grants.postpone(tx, grant, new Date(this.clock.nowMs() + ms)));
    return outcome;
  }

  /** Null when there is nothing to ask with any more. */
  private async ask({ grant, identity, provider }: DueGrant): Promise<VerifiedPerson | null> {
    if (provider.kind === 'saml' || !provider.settings.keepsRefreshToken) return null;
    const secret = await openProviderSecret(this.kms, provider);
    const refreshToken = await this.keepGrant.open(grant);
    return this.client.refresh(provider, secret, { refreshToken, subject: identity.subject });
  }

  private async end({ identity }: DueGrant): Promise<'ended'> {
    await this.unitOfWork.asSystem(async (tx) => {
      await this.grants.delete(tx, identity.id);
      await this.book.fallSilent(tx, ACTOR, identity);
    });
    return 'ended';
  }
}
