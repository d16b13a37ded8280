import { timingSafeEqual } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { Clock } from '../../../../kernel/clock.js';
import type { AccountId, IdentityProviderId } from '../../../../kernel/ids.js';
import { Settings } from '../../../../platform/config/settings.js';
import { UnitOfWork } from '../../../../platform/database/unit-of-work.js';
import { IdentityProvidersRepository } from '../../data/identity-providers.repository.js';
import type { SamlAnswerRow } from '../../data/saml-answer.entity.js';
import { SamlAnswersRepository } from '../../data/saml-answers.repository.js';
import { federationErrors } from '../../federation.errors.js';
import { AdmitPerson } from '../admit-person.js';
import { requireMethod } from '../begin-federation.js';
import { hashOf, isSecret } from '../flow-secrets.js';
import { requireSaml } from './service-provider.js';

export interface SamlFinish {
  readonly providerId: IdentityProviderId;
  readonly code: unknown;
  /** From the cookie; undefined when there is none. */
  readonly browserSecret: string | undefined;
}

/** Somebody who has proven to be the owner of an account. */
export interface SamlCompletion {
  readonly accountId: AccountId;
  readonly secondFactorDone: boolean;
  readonly returnPath: string;
}

/** Finishes a sign-in in the browser it began in, exactly once. */
@Injectable()
export class FinishSaml {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly answers: SamlAnswersRepository,
    private readonly providers: IdentityProvidersRepository,
    private readonly admission: AdmitPerson,
    private readonly settings: Settings,
    private readonly clock: Clock,
  ) {}

  /** Raises `federation/attempt_not_found`, `federation/provider_not_found`, `federation/method_off`, and what {@link AdmitPerson} raises. */
  async run({ providerId, code, browserSecret }: SamlFinish): Promise<SamlCompletion> {
    if (!isSecret(code)) throw federationErrors.attempt_not_found();
    const { answer, found } = await this.unitOfWork.asSystem(async (tx) => ({
      answer: await this.answers.take(tx, hashOf(code), this.clock.now()),
      found: await this.providers.findAny(tx, providerId),
    }));
    if (answer === null || answer.providerId !== providerId || !isSameBrowser(answer, browserSecret))
      throw federationErrors.attempt_not_found();
    const provider = requireSaml(found);
    requireMethod(this.settings, provider);
    const { subject, username, email, twoFactors, attestedAge, locale, returnPath } = answer;
    const profile = { username, email, avatarUrl: null, vip: false };
    const person = { subject, profile, emailVerified: null, twoFactors, hostedDomain: null };
    const { accountId, secondFactorDone } = await this.admission.run(provider, person, { accountId: null, attestedAge, locale });
    return { accountId, secondFactorDone, returnPath };
  }
}

/** Where the provider began there is no browser to be the same as. */
function isSameBrowser({ browserHash }: SamlAnswerRow, browserSecret: string | undefined): boolean {
  if (browserHash === null) return true;
  return isSecret(browserSecret) && timingSafeEqual(hashOf(browserSecret), browserHash);
}
