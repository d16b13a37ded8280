import { Injectable } from '@nestjs/common';
import { TotpFactorsRepository } from '../../data/second-factor/totp-factors.repository.js';
import { secondFactorErrors } from '../../second-factor.errors.js';
import { AccountDesk } from '../account-desk.js';
import { ENROLMENT_MS } from './begin-totp.js';
import { FinishEnrolment } from './finish-enrolment.js';
import type { Enrolled } from './recovery-codes.js';
import type { SecondFactorSession } from './second-factor-session.js';
import { TotpSecrets } from './totp-secrets.js';

/** Makes an authenticator app count, once a code of its secret has come back. The session has shown a second factor with that. */
@Injectable()
export class ConfirmTotp {
  constructor(
    private readonly desk: AccountDesk,
    private readonly factors: TotpFactorsRepository,
    private readonly secrets: TotpSecrets,
    private readonly finishing: FinishEnrolment,
  ) {}

  /**
   * Raises `second_factors/code_wrong`, `second_factors/enrolment_expired`, `accounts/second_factor_required`, `accounts/session_ended` and
   * `kms/*`. Wrong codes are not counted per account: whoever sets the app up has been shown its secret, and another session of the account has ten minutes at
   * the pace of the route.
   */
  async run(session: SecondFactorSession, code: string): Promise<Enrolled> {
    const factor = await this.desk.unitOfWork.asSystem((tx) => this.factors.find(tx, session.accountId));
    const since = new Date(this.desk.clock.nowMs() - ENROLMENT_MS);
    if (factor === null || factor.confirmedAt !== null || factor.createdAt <= since) throw secondFactorErrors.enrolment_expired();
    const right = await this.secrets.stepOf(factor, code);
    if (right === null) throw secondFactorErrors.code_wrong();
    const added = { event: 'totp_added', target: { type: 'totp_factor', id: factor.id } } as const;
    return this.finishing.run(session, added, async (tx) => {
      if (!(await this.factors.confirm(tx, factor.id, { ...right, since }))) throw secondFactorErrors.enrolment_expired();
    });
  }
}
