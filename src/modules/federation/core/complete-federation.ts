import { timingSafeEqual } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { Clock } from '../../../kernel/clock.js';
import type { AccountId, IdentityProviderId } from '../../../kernel/ids.js';
import { Settings } from '../../../platform/config/settings.js';
import { UnitOfWork } from '../../../platform/database/unit-of-work.js';
import { KeyManagementService } from '../../../platform/kms/key-management-service.js';
import type { FederationAttemptRow } from '../data/federation-attempt.entity.js';
import { FederationAttemptsRepository } from '../data/federation-attempts.repository.js';
import { IdentityProvidersRepository } from '../data/identity-providers.repository.js';
import { federationErrors } from '../federation.errors.js';
import { AdmitPerson } from './admit-person.js';
import { type AuthorizationServer, AuthorizationCodeClient } from './authorization-code-client.js';
import { redirectUri, requireMethod } from './begin-federation.js';
import { flowSecrets, hashOf, isSecret } from './flow-secrets.js';
import { KeepGrant } from './keep-grant.js';
import { openProviderSecret } from './provider-secret.js';

/** What a browser brings back from a provider. */
export interface Callback {
  /** The provider whose address it came to. */
  readonly providerId: IdentityProviderId;
  /** As sent, without the question mark. */
  readonly query: string;
  /** From the cookie; undefined when there is none. */
  readonly browserSecret: string | undefined;
}

/** Somebody who has proven to be the owner of an account, or to own one more identity. */
export interface Completion {
  readonly accountId: AccountId;
  readonly secondFactorDone: boolean;
  readonly returnPath: string;
  /** `linked`: nobody signed in; a signed-in account has one more identity. */
  readonly outcome: 'signed_in' | 'linked';
}

/** Finishes what {@link BeginFederation} began, exactly once. */
@Injectable()
export class CompleteFederation {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly attempts: FederationAttemptsRepository,
    private readonly providers: IdentityProvidersRepository,
    private readonly client: AuthorizationCodeClient,
    private readonly admitPerson: AdmitPerson,
    private readonly keepGrant: KeepGrant,
    private readonly kms: KeyManagementService,
    private readonly settings: Settings,
    private readonly clock: Clock,
  ) {}

  /** Raises `federation/attempt_not_found`, what {@link AuthorizationCodeClient.redeem} raises, and what {@link AdmitPerson} raises. */
  async run(callback: Callback): Promise<Completion> {
    const { state, attempt } = await this.takeAttempt(callback);
    const browserSecret = this.requireSameBrowser(attempt, callback.browserSecret);
    const provider = await this.unitOfWork.asSystem((tx) => this.providers.findAny(tx, attempt.providerId));
    if (provider === null || provider.status !== 'active' || provider.kind === 'saml') throw federationErrors.provider_not_found();
    requireMethod(this.settings, provider);
    const secret = await this.secretOf(provider);
    const address = new URL(redirectUri(this.settings, provider.id));
    address.search = callback.query;
    const { person, refreshToken } = await this.client.redeem(provider, secret, address, flowSecrets(browserSecret, state));
    const { accountId, identityId, secondFactorDone } = await this.admitPerson.run(provider, person, attempt);
    if (refreshToken !== null) await this.keepGrant.run(identityId, refreshToken);
    return { accountId, secondFactorDone, returnPath: attempt.returnPath, outcome: attempt.accountId === null ? 'signed_in' : 'linked' };
  }

  /** Whoever presents a state takes its attempt away, whatever comes of it: a code or state that was seen is worth nothing to others. */
  private async takeAttempt({ providerId, query }: Callback): Promise<{ readonly state: string; readonly attempt: FederationAttemptRow }> {
    const states = new URLSearchParams(query).getAll('state');
    const [state] = states;
    if (states.length !== 1 || !isSecret(state)) throw federationErrors.attempt_not_found();
    const attempt = await this.unitOfWork.asSystem((tx) => this.attempts.take(tx, hashOf(state), this.clock.now()));
    // An answer at another provider's address is one that was mixed up, by mistake or on purpose.
    if (attempt === null || attempt.providerId !== providerId) throw federationErrors.attempt_not_found();
    return { state, attempt };
  }

  /** The secret of the browser the attempt began in. Raises `federation/attempt_not_found` in any other. */
  private requireSameBrowser(attempt: FederationAttemptRow, browserSecret: string | undefined): string {
    const isSame = isSecret(browserSecret) && timingSafeEqual(hashOf(browserSecret), attempt.browserHash);
    if (!isSame) throw federationErrors.attempt_not_found();
    return browserSecret;
  }

  private async secretOf(provider: AuthorizationServer): Promise<string | null> {
    const secret = await openProviderSecret(this.kms, provider);
    if (secret === null && provider.connection.clientAuthentication !== 'none') throw federationErrors.secret_missing();
    return secret;
  }
}
