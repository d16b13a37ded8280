import { Injectable } from '@nestjs/common';
import { Clock } from '../../../kernel/clock.js';
import { type AccountId, type FederationAttemptId, type IdentityProviderId, newId } from '../../../kernel/ids.js';
import { publicUrl } from '../../../platform/config/public-url.js';
import { Settings } from '../../../platform/config/settings.js';
import { UnitOfWork } from '../../../platform/database/unit-of-work.js';
import { FederationAttemptsRepository } from '../data/federation-attempts.repository.js';
import { IdentityProvidersRepository, type Provider } from '../data/identity-providers.repository.js';
import { federationErrors } from '../federation.errors.js';
import { AuthorizationCodeClient } from './authorization-code-client.js';
import { flowSecrets, hashOf, newSecret } from './flow-secrets.js';

/** From leaving for the provider to coming back. */
const ATTEMPT_MS = 600_000;

export interface Beginning {
  readonly providerId: IdentityProviderId;
  /** The account that links one more identity; null when somebody signs in. */
  readonly accountId: AccountId | null;
  /** What the browser keeps in its cookie; see {@link flowSecrets}. */
  readonly browserSecret: string;
  /** A path {@link isReturnPath} takes. */
  readonly returnPath: string;
  readonly attestedAge: number | null;
  readonly locale: string;
}

/** Begins a sign-in, or the linking of an identity, at a provider. */
@Injectable()
export class BeginFederation {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly providers: IdentityProvidersRepository,
    private readonly attempts: FederationAttemptsRepository,
    private readonly client: AuthorizationCodeClient,
    private readonly settings: Settings,
    private readonly clock: Clock,
  ) {}

  /**
   * Where the browser goes now. Raises `federation/provider_not_found`, `federation/method_off`, `federation/provider_unavailable` and
   * `federation/answer_refused`.
   */
  async run(beginning: Beginning): Promise<string> {
    const { providerId, accountId, browserSecret, returnPath, attestedAge, locale } = beginning;
    const provider = await this.unitOfWork.asSystem((tx) => this.providers.findAny(tx, providerId));
    if (provider === null || provider.status !== 'active' || provider.kind === 'saml') throw federationErrors.provider_not_found();
    requireMethod(this.settings, provider);
    const flow = flowSecrets(browserSecret, newSecret());
    const url = await this.client.authorisationUrl(provider, redirectUri(this.settings, providerId), flow);
    const attempt = {
      id: newId<FederationAttemptId>(),
      stateHash: hashOf(flow.state),
      browserHash: hashOf(browserSecret),
      providerId,
      accountId,
      attestedAge,
      locale,
      returnPath,
      expiresAt: new Date(this.clock.nowMs() + ATTEMPT_MS),
    };
    await this.unitOfWork.asSystem((tx) => this.attempts.insert(tx, attempt));
    return url;
  }
}

/** Where a provider sends browsers back to. Each has an address of its own, so that no provider's answer passes for another's (RFC 9700 §4.4). */
export function redirectUri(settings: Settings, providerId: IdentityProviderId): string {
  return `${publicUrl(settings)}/api/v1/sign-in/providers/${providerId}/callback`;
}

/** Raises `federation/method_off` unless the installation lets people in this way. */
export function requireMethod(settings: Settings, provider: Pick<Provider, 'kind'>): void {
  if (!settings.signInMethods.includes(provider.kind === 'saml' ? 'saml' : 'oidc')) throw federationErrors.method_off();
}
