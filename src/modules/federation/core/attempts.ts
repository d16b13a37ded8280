import { timingSafeEqual } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { Clock } from '../../../kernel/clock.js';
import { type AccountId, type FederationAttemptId, type IdentityProviderId, newId, type SessionId } from '../../../kernel/ids.js';
import { hashSecret, isSecretShaped } from '../../../kernel/secrets.js';
import { UnitOfWork } from '../../../platform/database/unit-of-work.js';
import type { FederationAttemptRow } from '../data/federation-attempt.entity.js';
import { FederationAttemptsRepository } from '../data/federation-attempts.repository.js';
import { federationErrors } from '../federation.errors.js';
import { type FlowSecrets, flowSecrets } from './flow-secrets.js';

/** From leaving for the provider to coming back. */
const ATTEMPT_MS = 600_000;

export interface Beginning {
  readonly providerId: IdentityProviderId;
  /** The account that links one more identity, and the session it does so in; null when somebody signs in. */
  readonly linking: { readonly accountId: AccountId; readonly sessionId: SessionId } | null;
  /** What the browser keeps in its cookie; see {@link flowSecrets}. */
  readonly browserSecret: string;
  /** A path `isReturnPath` takes. */
  readonly returnPath: string;
  readonly attestedAge: number | null;
  readonly locale: string;
}

/** What a browser brings back from a provider. */
export interface Callback {
  /** The provider whose address it came to. */
  readonly providerId: IdentityProviderId;
  /** As sent, without the question mark. */
  readonly query: string;
  /** From the cookie; undefined when there is none. */
  readonly browserSecret: string | undefined;
}

/** An attempt that has come back to the browser it began in. */
export interface Returned {
  readonly attempt: FederationAttemptRow;
  readonly flow: FlowSecrets;
}

/** Sign-ins on their way through a provider (ADR 0033). */
@Injectable()
export class Attempts {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly attempts: FederationAttemptsRepository,
    private readonly clock: Clock,
  ) {}

  /** `state` is what the provider brings back: of SAML the id of the request. */
  async begin({ browserSecret, linking, ...beginning }: Beginning, state: string): Promise<void> {
    const attempt: FederationAttemptRow = {
      id: newId<FederationAttemptId>(),
      stateHash: hashSecret(state),
      browserHash: hashSecret(browserSecret),
      accountId: linking?.accountId ?? null,
      sessionId: linking?.sessionId ?? null,
      ...beginning,
      expiresAt: new Date(this.clock.nowMs() + ATTEMPT_MS),
    };
    await this.unitOfWork.asSystem((tx) => this.attempts.insert(tx, attempt));
  }

  /**
   * The attempt of a callback. Whoever presents a state takes its attempt away, whatever comes of it: a state that was seen is worth nothing to others.
   * Raises `federation/attempt_not_found` when it is over, was used, or began in another browser or at another provider.
   */
  async take({ providerId, query, browserSecret }: Callback): Promise<Returned> {
    const states = new URLSearchParams(query).getAll('state');
    const [state] = states;
    if (states.length !== 1 || !isSecretShaped(state)) throw federationErrors.attempt_not_found();
    const attempt = await this.unitOfWork.asSystem((tx) => this.attempts.take(tx, hashSecret(state), this.clock.now()));
    // An answer at another provider's address is one that was mixed up, by mistake or on purpose.
    if (attempt === null || attempt.providerId !== providerId) throw federationErrors.attempt_not_found();
    const isSameBrowser = isSecretShaped(browserSecret) && timingSafeEqual(hashSecret(browserSecret), attempt.browserHash);
    if (!isSameBrowser) throw federationErrors.attempt_not_found();
    return { attempt, flow: flowSecrets(browserSecret, state) };
  }
}
