import { Injectable } from '@nestjs/common';
import type { AccountId } from '../../../../kernel/ids.js';
import type { Tx } from '../../../../platform/database/unit-of-work.js';
import type { WebauthnCredentialId } from '../../data/second-factor/webauthn-credential.entity.js';
import { secondFactorErrors } from '../../second-factor.errors.js';
import { AccountDesk } from '../account-desk.js';
import { FactorChanges } from './factor-changes.js';
import { FactorRecords } from './factor-records.js';
import { SecondFactorDemand } from './second-factor-demand.js';
import type { SecondFactorSession } from './second-factor-session.js';

/** Takes a factor away. Of the last two removed at once one stays where one is demanded: changes of an account follow one another. */
@Injectable()
export class RemoveSecondFactor {
  constructor(
    private readonly desk: AccountDesk,
    private readonly changes: FactorChanges,
    private readonly records: FactorRecords,
    private readonly demand: SecondFactorDemand,
  ) {}

  /** The authenticator app. Raises what {@link FactorChanges} does, `second_factors/not_found` and `second_factors/last_demanded`. */
  totp(session: SecondFactorSession): Promise<void> {
    const { accountId } = session;
    return this.changes.run(session, 'totp_removed', async (tx) => {
      const factor = await this.records.apps.find(tx, accountId);
      if (factor === null || factor.confirmedAt === null) throw secondFactorErrors.not_found();
      await this.records.apps.remove(tx, accountId);
      await this.settle(tx, accountId);
      return { type: 'totp_factor', id: factor.id };
    });
  }

  /** A security key. Raises the same. */
  securityKey(session: SecondFactorSession, id: WebauthnCredentialId): Promise<void> {
    const { accountId } = session;
    return this.changes.run(session, 'webauthn_removed', async (tx) => {
      if (!(await this.records.credentials.remove(tx, accountId, id))) throw secondFactorErrors.not_found();
      await this.settle(tx, accountId);
      return { type: 'webauthn_credential', id };
    });
  }

  /** What follows from what is left. A suspended key is of no use to its owner, so it is not what remains. */
  private async settle(tx: Tx, accountId: AccountId): Promise<void> {
    const app = await this.records.apps.find(tx, accountId);
    const keys = await this.records.credentials.list(tx, accountId);
    const isUsable = (app !== null && app.confirmedAt !== null) || keys.some(({ status }) => status === 'active');
    if (!isUsable && (await this.demand.appliesTo(tx, accountId))) throw secondFactorErrors.last_demanded();
    if (isUsable || keys.length > 0) return;
    await this.records.codes.removeAll(tx, accountId);
    // What they once showed is no longer there: should an organisation demand a factor tomorrow, these sessions have none.
    await this.desk.sessions.forgetSecondFactor(tx, accountId);
  }
}
