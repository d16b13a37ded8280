import { Injectable } from '@nestjs/common';
import type { AccountId, SessionId } from '../../../../kernel/ids.js';
import { type Tx, UnitOfWork } from '../../../../platform/database/unit-of-work.js';
import { AuditLog } from '../../../audit/audit.contract.js';
import { accountsErrors } from '../../accounts.errors.js';
import { SessionsRepository } from '../../data/sessions.repository.js';

/** Ends sessions: the one that asks, another of the same account, or all of them. Every replica refuses them from the next request on. */
@Injectable()
export class EndSession {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly sessions: SessionsRepository,
    private readonly audit: AuditLog,
  ) {}

  /** Raises `accounts/session_not_found`, also for a session of somebody else. */
  one(accountId: AccountId, id: SessionId): Promise<void> {
    return this.unitOfWork.asSystem(async (tx) => {
      if (!(await this.sessions.end(tx, accountId, id))) throw accountsErrors.session_not_found();
      await this.record(tx, accountId, 'session.ended', { type: 'session', id }, {});
    });
  }

  /** All but `except`; answers how many. */
  all(accountId: AccountId, except: SessionId | null): Promise<number> {
    return this.unitOfWork.asSystem(async (tx) => {
      const ended = await this.sessions.endAll(tx, accountId, except);
      if (ended > 0) await this.record(tx, accountId, 'account.sessions_ended', { type: 'account', id: accountId }, { ended });
      return ended;
    });
  }

  private record(
    tx: Tx,
    id: AccountId,
    action: 'session.ended' | 'account.sessions_ended',
    target: { readonly type: string; readonly id: string },
    detail: Readonly<Record<string, number>>,
  ): Promise<void> {
    return this.audit.record(tx, { actor: { kind: 'account', id }, action, organisationId: null, target, detail });
  }
}
