import { Injectable } from '@nestjs/common';
import type { AccountId } from '../../../../kernel/ids.js';
import { type Tx, UnitOfWork } from '../../../../platform/database/unit-of-work.js';
import { AccountsRepository } from '../../data/accounts.repository.js';
import { RecoveryCodesRepository } from '../../data/second-factor/recovery-codes.repository.js';
import { TotpFactorsRepository } from '../../data/second-factor/totp-factors.repository.js';
import type { WebauthnCredentialId } from '../../data/second-factor/webauthn-credential.entity.js';
import { WebauthnCredentialsRepository } from '../../data/second-factor/webauthn-credentials.repository.js';
import { SessionsRepository } from '../../data/sessions.repository.js';
import { secondFactorErrors } from '../../second-factor.errors.js';
import { FactorEvents } from './factor-events.js';
import { FactorPermit } from './factor-permit.js';
import { SecondFactorDemand } from './second-factor-demand.js';
import type { SecondFactorSession } from './second-factor-session.js';

/**
 * Takes a factor away. The account's row is held meanwhile, so that of the last two removed at once one stays where an organisation demands it.
 */
@Injectable()
export class RemoveSecondFactor {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly accounts: AccountsRepository,
    private readonly permit: FactorPermit,
    private readonly apps: TotpFactorsRepository,
    private readonly credentials: WebauthnCredentialsRepository,
    private readonly codes: RecoveryCodesRepository,
    private readonly sessions: SessionsRepository,
    private readonly demand: SecondFactorDemand,
    private readonly events: FactorEvents,
  ) {}

  /** The authenticator app. Raises what {@link FactorPermit} does, `second_factors/not_found` and `second_factors/last_demanded`. */
  totp({ accountId, sessionId }: SecondFactorSession): Promise<void> {
    return this.unitOfWork.asSystem(async (tx) => {
      await this.accounts.lock(tx, accountId);
      await this.permit.toChange(tx, sessionId);
      const factor = await this.apps.find(tx, accountId);
      if (factor === null || factor.confirmedAt === null) throw secondFactorErrors.not_found();
      await this.apps.remove(tx, accountId);
      await this.events.record(tx, accountId, 'totp_removed', { target: { type: 'totp_factor', id: factor.id } });
      await this.settle(tx, accountId);
    });
  }

  /** A security key. Raises the same. */
  securityKey({ accountId, sessionId }: SecondFactorSession, id: WebauthnCredentialId): Promise<void> {
    return this.unitOfWork.asSystem(async (tx) => {
      await this.accounts.lock(tx, accountId);
      await this.permit.toChange(tx, sessionId);
      if (!(await this.credentials.remove(tx, accountId, id))) throw secondFactorErrors.not_found();
      await this.events.record(tx, accountId, 'webauthn_removed', { target: { type: 'webauthn_credential', id } });
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
    await this.codes.removeAll(tx, accountId);
    // What they once showed is no longer there: should an organisation demand a factor tomorrow, these sessions have none.
    await this.sessions.forgetSecondFactor(tx, accountId);
  }
}
