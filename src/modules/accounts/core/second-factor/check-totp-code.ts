import { Injectable } from '@nestjs/common';
import { Clock } from '../../../../kernel/clock.js';
import { type Tx, UnitOfWork } from '../../../../platform/database/unit-of-work.js';
import { KeyManagementService } from '../../../../platform/kms/key-management-service.js';
import type { OpenedSession } from '../../accounts.contract.js';
import { TotpFactorsRepository } from '../../data/second-factor/totp-factors.repository.js';
import { secondFactorErrors } from '../../second-factor.errors.js';
import { RenewSession } from '../sessions/renew-session.js';
import { GuessGuard } from './guess-guard.js';
import { openTotpSecret } from './sealed-totp-secret.js';
import type { SecondFactorSession } from './second-factor-session.js';
import { stepOfCode } from './totp.js';

/** Takes a code of the account's authenticator app: once, and after several wrong ones only now and then. */
@Injectable()
export class CheckTotpCode {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly factors: TotpFactorsRepository,
    private readonly guesses: GuessGuard,
    private readonly renew: RenewSession,
    private readonly kms: KeyManagementService,
    private readonly clock: Clock,
  ) {}

  /** Raises `second_factors/refused`, `second_factors/too_many_attempts`, `accounts/session_ended` and `kms/*`. */
  async run({ accountId, sessionId }: SecondFactorSession, code: string): Promise<OpenedSession> {
    const factor = await this.unitOfWork.asSystem(async (tx) => {
      await this.guesses.refuseWhileWaiting(tx, accountId);
      return this.factors.find(tx, accountId);
    });
    if (factor === null || factor.confirmedAt === null) throw secondFactorErrors.refused();
    const secret = await openTotpSecret(this.kms, factor);
    const at = this.clock.now();
    const step = stepOfCode(secret, code, at.getTime());
    secret.fill(0);
    const isFresh = async (tx: Tx): Promise<boolean> => step !== null && (await this.factors.useStep(tx, factor.id, step, at));
    return this.guesses.attempt(accountId, isFresh, (tx) => this.renew.run(tx, sessionId, 'second_factor'));
  }
}
