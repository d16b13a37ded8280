import { Injectable } from '@nestjs/common';
import { UnitOfWork } from '../../../../platform/database/unit-of-work.js';
import type { OpenedSession } from '../../accounts.contract.js';
import { RecoveryCodesRepository } from '../../data/second-factor/recovery-codes.repository.js';
import { secondFactorErrors } from '../../second-factor.errors.js';
import { hashRecoveryCode } from '../recovery/recovery-code.js';
import { FactorEvents } from './factor-events.js';
import { FactorSessions } from './factor-sessions.js';
import type { SecondFactorSession } from './second-factor-session.js';

/**
 * Takes a recovery code in place of a factor: once, and its owner hears of it. Wrong ones are not counted: 100 bits are beyond guessing, and a lock would
 * let strangers take the last way in away.
 */
@Injectable()
export class UseRecoveryCode {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly codes: RecoveryCodesRepository,
    private readonly sessions: FactorSessions,
    private readonly events: FactorEvents,
  ) {}

  /** Raises `second_factors/refused` and `accounts/session_ended`. */
  run({ accountId, sessionId }: SecondFactorSession, code: string): Promise<OpenedSession> {
    const hash = hashRecoveryCode('lethe/recovery-code/1', accountId, code);
    return this.unitOfWork.asSystem(async (tx) => {
      if (hash === null || !(await this.codes.use(tx, accountId, hash))) throw secondFactorErrors.refused();
      await this.events.record(tx, accountId, 'recovery_code_used');
      return this.sessions.shown(tx, sessionId);
    });
  }
}
