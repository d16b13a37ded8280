import { Injectable } from '@nestjs/common';
import { Clock } from '../../../../kernel/clock.js';
import { UnitOfWork } from '../../../../platform/database/unit-of-work.js';
import { KeyManagementService } from '../../../../platform/kms/key-management-service.js';
import { AccountsRepository } from '../../data/accounts.repository.js';
import { TotpFactorsRepository } from '../../data/second-factor/totp-factors.repository.js';
import { secondFactorErrors } from '../../second-factor.errors.js';
import { RenewSession } from '../sessions/renew-session.js';
import { ENROLMENT_MS } from './begin-totp.js';
import { FactorPermit } from './factor-permit.js';
import { FactorEvents } from './factor-events.js';
import { type Enrolled, RecoveryCodes } from './recovery-codes.js';
import { openTotpSecret } from './sealed-totp-secret.js';
import type { SecondFactorSession } from './second-factor-session.js';
import { stepOfCode } from './totp.js';

/** Makes an authenticator app count, once a code of its secret has come back. The session has shown a second factor with that. */
@Injectable()
export class ConfirmTotp {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly accounts: AccountsRepository,
    private readonly permit: FactorPermit,
    private readonly factors: TotpFactorsRepository,
    private readonly codes: RecoveryCodes,
    private readonly renew: RenewSession,
    private readonly events: FactorEvents,
    private readonly kms: KeyManagementService,
    private readonly clock: Clock,
  ) {}

  /**
   * Raises `second_factors/code_wrong`, `second_factors/enrolment_expired`, `accounts/second_factor_required`, `accounts/session_ended` and
   * `kms/*`. Wrong codes are not counted: whoever sets the app up has been shown its secret.
   */
  async run({ accountId, sessionId }: SecondFactorSession, code: string): Promise<Enrolled> {
    const factor = await this.unitOfWork.asSystem((tx) => this.factors.find(tx, accountId));
    const since = new Date(this.clock.nowMs() - ENROLMENT_MS);
    if (factor === null || factor.confirmedAt !== null || factor.createdAt <= since) throw secondFactorErrors.enrolment_expired();
    const secret = await openTotpSecret(this.kms, factor);
    const at = this.clock.now();
    const step = stepOfCode(secret, code, at.getTime());
    secret.fill(0);
    if (step === null) throw secondFactorErrors.code_wrong();
    return this.unitOfWork.asSystem(async (tx) => {
      await this.accounts.lock(tx, accountId);
      await this.permit.toFinish(tx, sessionId);
      if (!(await this.factors.confirm(tx, factor.id, { step, at, since }))) throw secondFactorErrors.enrolment_expired();
      await this.events.record(tx, accountId, 'totp_added', { target: { type: 'totp_factor', id: factor.id } });
      const recoveryCodes = await this.codes.issueFirst(tx, accountId);
      return { recoveryCodes, session: await this.renew.run(tx, sessionId, 'second_factor') };
    });
  }
}
