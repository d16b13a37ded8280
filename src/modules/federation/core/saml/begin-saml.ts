import { randomBytes } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { present } from '../../../../kernel/assert.js';
import { Clock } from '../../../../kernel/clock.js';
import { type FederationAttemptId, type IdentityProviderId, newId } from '../../../../kernel/ids.js';
import { Settings } from '../../../../platform/config/settings.js';
import { UnitOfWork } from '../../../../platform/database/unit-of-work.js';
import { KeyManagementService } from '../../../../platform/kms/key-management-service.js';
import { FederationAttemptsRepository } from '../../data/federation-attempts.repository.js';
import { IdentityProvidersRepository } from '../../data/identity-providers.repository.js';
import { requireMethod } from '../begin-federation.js';
import { hashOf } from '../flow-secrets.js';
import { openProviderSecret } from '../provider-secret.js';
import { authnRequestUrl } from './authn-request.js';
import { requireSaml, samlAddresses, type SamlProvider } from './service-provider.js';

/** From leaving for the provider to its answer. */
const REQUEST_MS = 600_000;

export interface SamlBeginning {
  readonly providerId: IdentityProviderId;
  /** What the browser keeps in its cookie. */
  readonly browserSecret: string;
  /** A path `isReturnPath` takes. */
  readonly returnPath: string;
  readonly attestedAge: number | null;
  readonly locale: string;
}

/** Begins a sign-in at a SAML identity provider: the request is remembered as a hash of its id, and answered once. */
@Injectable()
export class BeginSaml {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly providers: IdentityProvidersRepository,
    private readonly attempts: FederationAttemptsRepository,
    private readonly kms: KeyManagementService,
    private readonly settings: Settings,
    private readonly clock: Clock,
  ) {}

  /** Where the browser goes now. Raises `federation/provider_not_found`, `federation/method_off` and `kms/*`. */
  async run({ providerId, browserSecret, returnPath, attestedAge, locale }: SamlBeginning): Promise<string> {
    const provider = requireSaml(await this.unitOfWork.asSystem((tx) => this.providers.findAny(tx, providerId)));
    requireMethod(this.settings, provider);
    const addresses = samlAddresses(this.settings, providerId);
    // An XML name may not begin with a digit.
    const requestId = `_${randomBytes(32).toString('hex')}`;
    const request = {
      id: requestId,
      issuedAt: this.clock.now(),
      issuer: addresses.entityId,
      consumerUrl: addresses.consumerUrl,
      destination: provider.connection.signOnUrl,
      forceAuthn: provider.settings.forcesAuthentication,
    };
    const url = authnRequestUrl(request, await this.signingKey(provider));
    await this.unitOfWork.asSystem((tx) =>
      this.attempts.insert(tx, {
        id: newId<FederationAttemptId>(),
        stateHash: hashOf(requestId),
        browserHash: hashOf(browserSecret),
        providerId,
        accountId: null,
        attestedAge,
        locale,
        returnPath,
        expiresAt: new Date(this.clock.nowMs() + REQUEST_MS),
      }),
    );
    return url;
  }

  private async signingKey(provider: SamlProvider): Promise<string | null> {
    if (provider.settings.requestCertificate === null) return null;
    return present(await openProviderSecret(this.kms, provider), 'the key of a provider whose requests are signed');
  }
}
