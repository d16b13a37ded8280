import { Injectable } from '@nestjs/common';
import type { AccountId } from '../../../kernel/ids.js';
import { AdmitPerson } from './admit-person.js';
import { Attempts, type Callback } from './attempts.js';
import { KeepGrant } from './keep-grant.js';
import { RedeemCallback } from './redeem-callback.js';

/** Somebody who has proven to be the owner of an account, or to own one more identity. */
export interface Completion {
  readonly accountId: AccountId;
  readonly secondFactorDone: boolean;
  readonly returnPath: string;
  /** `linked`: nobody signed in; a signed-in account has one more identity. */
  readonly outcome: 'signed_in' | 'linked';
}

/** Finishes what `BeginFederation` began, exactly once. */
@Injectable()
export class CompleteFederation {
  constructor(
    private readonly attempts: Attempts,
    private readonly redemption: RedeemCallback,
    private readonly admission: AdmitPerson,
    private readonly keepGrant: KeepGrant,
  ) {}

  /** Raises what {@link Attempts.take}, {@link RedeemCallback} and {@link AdmitPerson} raise. */
  async run(callback: Callback): Promise<Completion> {
    const returned = await this.attempts.take(callback);
    const { attempt } = returned;
    const { provider, person, refreshToken } = await this.redemption.run(returned, callback.query);
    const { accountId, identityId, secondFactorDone } = await this.admission.run(provider, person, attempt);
    if (refreshToken !== null) await this.keepGrant.run(identityId, refreshToken);
    return { accountId, secondFactorDone, returnPath: attempt.returnPath, outcome: attempt.accountId === null ? 'signed_in' : 'linked' };
  }
}
