import { Injectable } from '@nestjs/common';
import type { AccountId } from '../../../../kernel/ids.js';
import { type Tx, UnitOfWork } from '../../../../platform/database/unit-of-work.js';
import { AccountsRepository } from '../../data/accounts.repository.js';
import { TotpFactorsRepository } from '../../data/second-factor/totp-factors.repository.js';
import type { WebauthnCredentialId } from '../../data/second-factor/webauthn-credential.entity.js';
import { WebauthnCredentialsRepository } from '../../data/second-factor/webauthn-credentials.repository.js';
import { SessionsRepository } from '../../data/sessions.repository.js';
import { secondFactorErrors } from '../../second-factor.errors.js';
import { FactorEvents } from './factor-events.js';
import { RecoveryCodes } from './recovery-codes.js';
import { SecondFactorDemand } from './second-factor-demand.js';

/**
 * Takes a factor away. The account's row is held meanwhile, so that of the last two removed at once one stays where an organisation demands it.
 * Who takes a factor away must have proven a moment ago who they are.
 */
@Injectable()
export class RemoveSecondFactor {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly accounts: AccountsRepository,
    private readonly apps: TotpFactorsRepository,
    private readonly credentials: WebauthnCredentialsRepository,
    private readonly codes: RecoveryCodes,
    private readonly sessions: SessionsRepository,
    private readonly demand: SecondFactorDemand,
    private readonly events: FactorEvents,
  ) {}

  /** The authenticator app. Raises `second_factors/not_found` and `second_factors/last_demanded`. */
  totp(accountId: AccountId): Promise<void> {
    return this.unitOfWork.asSystem(async (tx) => {
      await this.accounts.lock(tx, accountId);
      const factor = await this.apps.find(tx, accountId);
      if (factor === null || factor.confirmedAt === null) throw secondFactorErrors.not_found();
      await this.apps.remove(tx, accountId);
      await this.events.record(tx, accountId, 'totp_removed', { type: 'totp_factor', id: factor.id });
      await this.settle(tx, accountId);
    });
  }

  /** A security key. Raises the same. */
  securityKey(accountId: AccountId, id: WebauthnCredentialId): Promise<void> {
    return this.unitOfWork.asSystem(async (tx) => {
      await this.accounts.lock(tx, accountId);
      if (!(await this.credentials.remove(tx, accountId, id))) throw secondFactorErrors.not_found();
      await this.events.record(tx, accountId, 'webauthn_removed', { type: 'webauthn_credential', id });
      await this.settle(tx, accountId);
    });
  }

  /** What follows from what is left. A suspended key is of no use to its owner, so it is not what remains. */
  private async settle(tx: Tx, accountId: AccountId): Promise<void> {
    const app = await this.apps.find(tx, accountId);
    const keys = await this.credentials.list(tx, accountId);
    const isUsable = (app !== null && app.confirmedAt !== null) || keys.some(({ status }) => status === 'active');
    if (!isUsable && (await this.demand.appliesTo(tx, accountId))) throw secondFactorErrors.last_demanded();
    if (isUsable || keys.length > 0) return;
    await this.codes.withdraw(tx, accountId);
    // What they once showed is no longer there: should an organisation demand a factor tomorrow, these sessions have none.
    await this.sessions.forgetSecondFactor(tx, accountId);
  }
}
