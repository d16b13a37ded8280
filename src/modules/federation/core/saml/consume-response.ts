import { Injectable } from '@nestjs/common';
import { Clock } from '../../../../kernel/clock.js';
import { type IdentityProviderId, newId, type SamlAnswerId } from '../../../../kernel/ids.js';
import { Settings } from '../../../../platform/config/settings.js';
import { UnitOfWork } from '../../../../platform/database/unit-of-work.js';
import type { FederationAttemptRow } from '../../data/federation-attempt.entity.js';
import { FederationAttemptsRepository } from '../../data/federation-attempts.repository.js';
import { IdentityProvidersRepository } from '../../data/identity-providers.repository.js';
import { SamlAnswersRepository } from '../../data/saml-answers.repository.js';
import { federationErrors } from '../../federation.errors.js';
import { requireMethod } from '../begin-federation.js';
import type { ExternalPerson } from '../external-person.js';
import { hashOf, newSecret } from '../flow-secrets.js';
import { isReturnPath } from '../return-path.js';
import { checkResponse } from './check-response.js';
import { refuse } from './refuse-response.js';
import { openEnvelope } from './response-envelope.js';
import { samlPerson } from './saml-person.js';
import { requireSaml, samlAddresses, type SamlProvider } from './service-provider.js';

/** From the answer to the browser's next request, which it makes at once. */
const ANSWER_MS = 120_000;
const DEFAULT_LOCALE = 'en';

/** The form an identity provider has the browser send. */
export interface SamlForm {
  /** The provider whose address it came to. */
  readonly providerId: IdentityProviderId;
  readonly samlResponse: string;
  /** Where to go afterwards, when the provider began; what we began, we remember ourselves. */
  readonly relayState: string | null;
}

/**
 * Takes the answer of an identity provider. The page that sends it is another site's, so the browser shows no cookie here: who it is is decided
 * now, and whether it is the browser that asked at the finish, which a code leads to (ADR 0035).
 */
@Injectable()
export class ConsumeResponse {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly providers: IdentityProvidersRepository,
    private readonly attempts: FederationAttemptsRepository,
    private readonly answers: SamlAnswersRepository,
    private readonly settings: Settings,
    private readonly clock: Clock,
  ) {}

  /**
   * Where the browser goes to finish. Raises `saml/response_refused`, `saml/response_too_large`, `federation/attempt_not_found`,
   * `federation/provider_not_found` and `federation/method_off`.
   */
  async run(form: SamlForm): Promise<string> {
    const envelope = openEnvelope(form.samlResponse);
    const provider = requireSaml(await this.unitOfWork.asSystem((tx) => this.providers.findAny(tx, form.providerId)));
    requireMethod(this.settings, provider);
    const attempt = await this.attemptFor(provider, envelope.inResponseTo);
    const { entityId, consumerUrl, finishUrl } = samlAddresses(this.settings, provider.id);
    const { settings, connection } = provider;
    const proven = checkResponse(envelope, {
      issuer: connection.entityId,
      certificates: settings.certificates,
      audience: entityId,
      consumerUrl,
      requestId: envelope.inResponseTo,
      nowMs: this.clock.nowMs(),
    });
    const code = newSecret();
    const answer = { code, attempt, returnPath: attempt?.returnPath ?? returnPathOf(form.relayState) };
    await this.keep(provider, proven, samlPerson(proven, settings), answer);
    return `${finishUrl}?code=${code}`;
  }

  /** The request being answered, which nobody can answer again. Null when the provider began, which it must be allowed to. */
  private async attemptFor(provider: SamlProvider, inResponseTo: string | null): Promise<FederationAttemptRow | null> {
    if (inResponseTo === null) {
      if (!provider.settings.allowsUnsolicited) throw refuse('unsolicited');
      return null;
    }
    const attempt = await this.unitOfWork.asSystem((tx) => this.attempts.take(tx, hashOf(inResponseTo), this.clock.now()));
    if (attempt === null || attempt.providerId !== provider.id) throw federationErrors.attempt_not_found();
    return attempt;
  }

  /** The assertion is used up in the same transaction in which it becomes an answer. */
  private async keep(
    { id: providerId }: SamlProvider,
    { id: assertionId, usableUntilMs }: { readonly id: string; readonly usableUntilMs: number },
    { subject, profile, twoFactors }: ExternalPerson,
    { code, attempt, returnPath }: { readonly code: string; readonly attempt: FederationAttemptRow | null; readonly returnPath: string },
  ): Promise<void> {
    await this.unitOfWork.asSystem(async (tx) => {
      if (!(await this.answers.useAssertion(tx, providerId, assertionId, new Date(usableUntilMs)))) throw refuse('replayed');
      await this.answers.insert(tx, {
        id: newId<SamlAnswerId>(),
        codeHash: hashOf(code),
        browserHash: attempt?.browserHash ?? null,
        providerId,
        subject,
        username: profile.username,
        email: profile.email,
        twoFactors,
        attestedAge: attempt?.attestedAge ?? null,
        locale: attempt?.locale ?? DEFAULT_LOCALE,
        returnPath,
        expiresAt: new Date(this.clock.nowMs() + ANSWER_MS),
      });
    });
  }
}

/** Anything but a path of this installation is left aside: who began elsewhere begins at the front here. */
function returnPathOf(relayState: string | null): string {
  return isReturnPath(relayState) ? relayState : '/';
}
