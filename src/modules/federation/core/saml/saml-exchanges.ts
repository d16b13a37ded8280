import { timingSafeEqual } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { Clock } from '../../../../kernel/clock.js';
import { type IdentityProviderId, newId, type SamlAnswerId } from '../../../../kernel/ids.js';
import { hashSecret, isSecretShaped, newSecret } from '../../../../kernel/secrets.js';
import { UnitOfWork } from '../../../../platform/database/unit-of-work.js';
import type { FederationAttemptRow } from '../../data/federation-attempt.entity.js';
import { FederationAttemptsRepository } from '../../data/federation-attempts.repository.js';
import type { SamlAnswerRow } from '../../data/saml-answer.entity.js';
import { SamlAnswersRepository } from '../../data/saml-answers.repository.js';
import { federationErrors } from '../../federation.errors.js';
import { refuse } from './refuse-response.js';

/** From the answer to the browser's next request, which it makes at once. */
const ANSWER_MS = 120_000;

/** An answer as it waits for its browser. */
export type WaitingAnswer = Omit<SamlAnswerRow, 'id' | 'codeHash' | 'expiresAt'>;

/** Answers to requests, and assertions of SAML: each is used once, by however many at the same moment (ADR 0035). */
@Injectable()
export class SamlExchanges {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly requests: FederationAttemptsRepository,
    private readonly answers: SamlAnswersRepository,
    private readonly clock: Clock,
  ) {}

  /** The request that is being answered, which nobody can answer again. Raises `federation/attempt_not_found`. */
  async takeRequest(providerId: IdentityProviderId, requestId: string): Promise<FederationAttemptRow> {
    const request = await this.unitOfWork.asSystem((tx) => this.requests.take(tx, hashSecret(requestId), this.clock.now()));
    if (request === null || request.providerId !== providerId) throw federationErrors.attempt_not_found();
    return request;
  }

  /** Uses an assertion up and keeps what it said, together. Answers the code that leads to it. Raises `saml/response_refused` when it was used before. */
  async keep(answer: WaitingAnswer, assertion: { readonly id: string; readonly usableUntilMs: number }): Promise<string> {
    const code = newSecret();
    const expiresAt = new Date(this.clock.nowMs() + ANSWER_MS);
    await this.unitOfWork.asSystem(async (tx) => {
      const isNew = await this.answers.useAssertion(tx, answer.providerId, assertion.id, new Date(assertion.usableUntilMs));
      if (!isNew) throw refuse('replayed');
      await this.answers.insert(tx, { ...answer, id: newId<SamlAnswerId>(), codeHash: hashSecret(code), expiresAt });
    });
    return code;
  }

  /** The answer a code leads to, in the browser the sign-in began in. It is gone afterwards, whatever comes of it. Raises `federation/attempt_not_found`. */
  async takeAnswer(providerId: IdentityProviderId, code: unknown, browserSecret: string | undefined): Promise<SamlAnswerRow> {
    if (!isSecretShaped(code)) throw federationErrors.attempt_not_found();
    const answer = await this.unitOfWork.asSystem((tx) => this.answers.take(tx, hashSecret(code), this.clock.now()));
    if (answer === null || answer.providerId !== providerId || !isSameBrowser(answer, browserSecret))
      throw federationErrors.attempt_not_found();
    return answer;
  }
}

/** Where the provider began there is no browser to be the same as. */
function isSameBrowser({ browserHash }: SamlAnswerRow, browserSecret: string | undefined): boolean {
  if (browserHash === null) return true;
  return isSecretShaped(browserSecret) && timingSafeEqual(hashSecret(browserSecret), browserHash);
}
