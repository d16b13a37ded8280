import { Injectable } from '@nestjs/common';
import type { AccountId, OperatorId, SessionId } from '../../../kernel/ids.js';
import type { Tx } from '../../../platform/database/unit-of-work.js';
import type { StaffRole } from '../../../platform/http/staff-roles.js';
import { OperatorDutyEntity } from './operator-duty.entity.js';

/** Whom a session acts as. */
export interface CurrentDuty {
  readonly operatorId: OperatorId;
  readonly role: StaffRole;
  readonly begunAt: Date;
  readonly endsAt: Date;
}

/** Sessions on duty. Only the system role reaches them (A3). */
@Injectable()
export class DutiesRepository {
  /** Null unless the duty goes on and its operator is still active and still that account's: so that losing either holds at the next request. */
  async current(tx: Tx, session: { readonly sessionId: SessionId; readonly accountId: AccountId }, at: Date): Promise<CurrentDuty | null> {
    const [row] = await tx.query<CurrentDuty[]>(
      `SELECT operator.id AS "operatorId", operator.role, begun_at AS "begunAt", ends_at AS "endsAt"
       FROM operator_duty JOIN operator ON operator.id = operator_id
       WHERE session_id = $1 AND account_id = $2 AND status = 'active' AND ends_at > $3`,
      [session.sessionId, session.accountId, at],
    );
    return row ?? null;
  }

  /** In place of the one the session had. */
  async begin(tx: Tx, { sessionId, operatorId, begunAt, endsAt }: OperatorDutyEntity): Promise<void> {
    await tx.query(
      `INSERT INTO operator_duty (session_id, operator_id, begun_at, ends_at) VALUES ($1, $2, $3, $4)
       ON CONFLICT (session_id) DO UPDATE SET operator_id = $2, begun_at = $3, ends_at = $4`,
      [sessionId, operatorId, begunAt, endsAt],
    );
  }

  /** False when the session was not on duty. */
  async end(tx: Tx, sessionId: SessionId): Promise<boolean> {
    const { affected } = await tx.delete(OperatorDutyEntity, { sessionId });
    return affected === 1;
  }

  async endOf(tx: Tx, operatorId: OperatorId): Promise<void> {
    await tx.delete(OperatorDutyEntity, { operatorId });
  }
}
