import { Injectable } from '@nestjs/common';
import { newId } from '../../../../kernel/ids.js';
import { accountsErrors } from '../../accounts.errors.js';
import type { TotpFactorId } from '../../data/second-factor/totp-factor.entity.js';
import { TotpFactorsRepository } from '../../data/second-factor/totp-factors.repository.js';
import { secondFactorErrors } from '../../second-factor.errors.js';
import { AccountDesk } from '../account-desk.js';
import { FactorSessions } from './factor-sessions.js';
import type { SecondFactorSession } from './second-factor-session.js';
import { type ShownSecret, TotpSecrets } from './totp-secrets.js';

/** How long a secret that was shown waits for its first code. */
export const ENROLMENT_MS = 600_000;

/** Makes a secret for an authenticator app. It leaves this function once, and counts for nothing until a code of it has come back. */
@Injectable()
export class BeginTotp {
  constructor(
    private readonly desk: AccountDesk,
    private readonly sessions: FactorSessions,
    private readonly factors: TotpFactorsRepository,
    private readonly secrets: TotpSecrets,
  ) {}

  /** Raises what {@link FactorSessions.toChange} does, `second_factors/already_enrolled` and `kms/*`. */
  async run({ accountId, sessionId }: SecondFactorSession): Promise<ShownSecret & { readonly expiresAt: Date }> {
    const id = newId<TotpFactorId>();
    const { sealed, show } = await this.secrets.make({ id, accountId });
    const createdAt = this.desk.clock.now();
    const label = await this.desk.unitOfWork.asSystem(async (tx) => {
      const account = await this.desk.accounts.lock(tx, accountId);
      if (account === null) throw accountsErrors.account_not_found();
      await this.sessions.toChange(tx, sessionId);
      const factor = { id, accountId, ...sealed, lastStep: 0, createdAt, confirmedAt: null, lastUsedAt: null };
      if (!(await this.factors.begin(tx, factor))) throw secondFactorErrors.already_enrolled();
      return account.email ?? account.username ?? accountId;
    });
    return { ...show(label), expiresAt: new Date(createdAt.getTime() + ENROLMENT_MS) };
  }
}
