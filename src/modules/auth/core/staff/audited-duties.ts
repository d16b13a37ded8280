import { Injectable } from '@nestjs/common';
import type { Tx } from '../../../../platform/database/unit-of-work.js';
import type { AccountPrincipal } from '../../../../platform/http/principal.js';
import { AuditLog } from '../../../audit/audit.contract.js';
import { type CurrentDuty, DutiesRepository } from '../../data/duties.repository.js';
import type { OperatorEntity } from '../../data/operator.entity.js';

/** Beginning and ending a duty, each with its audit row in the same transaction. */
@Injectable()
export class AuditedDuties {
  constructor(
    private readonly duties: DutiesRepository,
    private readonly audit: AuditLog,
  ) {}

  current(tx: Tx, { sessionId, id: accountId }: AccountPrincipal, at: Date): Promise<CurrentDuty | null> {
    return this.duties.current(tx, { sessionId, accountId }, at);
  }

  /** In place of the one the session had. */
  async begin(
    tx: Tx,
    { sessionId, id: accountId }: AccountPrincipal,
    { id: operatorId, role }: OperatorEntity,
    { begunAt, endsAt, minutes }: { readonly begunAt: Date; readonly endsAt: Date; readonly minutes: number },
  ): Promise<CurrentDuty> {
    await this.duties.begin(tx, { sessionId, operatorId, begunAt, endsAt });
    await this.audit.record(tx, {
      actor: { kind: 'operator', id: operatorId },
      action: 'operator_duty.begun',
      organisationId: null,
      target: { type: 'session', id: sessionId },
      detail: { accountId, role, minutes },
    });
    return { operatorId, role, begunAt, endsAt };
  }

  async end(tx: Tx, account: AccountPrincipal, at: Date): Promise<void> {
    const duty = await this.current(tx, account, at);
    const { sessionId } = account;
    if (!(await this.duties.end(tx, sessionId)) || duty === null) return;
    await this.audit.record(tx, {
      actor: { kind: 'operator', id: duty.operatorId },
      action: 'operator_duty.ended',
      organisationId: null,
      target: { type: 'session', id: sessionId },
    });
  }
}
