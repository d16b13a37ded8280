import { Injectable } from '@nestjs/common';
import type { AccountId, SessionId } from '../../../kernel/ids.js';
import type { Tx } from '../../../platform/database/unit-of-work.js';
import { type AuditActor, type AuditEntry, AuditLog } from '../../audit/audit.contract.js';

/** Something that happened to an account, or to a session of it. */
export interface AccountEvent {
  readonly action: `account.${string}` | `session.${string}`;
  readonly accountId: AccountId;
  /** For `session.…`. */
  readonly sessionId?: SessionId;
  /** Its owner, unless somebody else did it. */
  readonly actor?: AuditActor;
  readonly detail?: NonNullable<AuditEntry['detail']>;
}

/** Writes what happens to accounts into the audit log. Accounts belong to no organisation. */
@Injectable()
export class AccountEvents {
  constructor(private readonly audit: AuditLog) {}

  record(tx: Tx, { action, accountId, sessionId, actor, detail }: AccountEvent): Promise<void> {
    return this.audit.record(tx, {
      actor: actor ?? { kind: 'account', id: accountId },
      action,
      organisationId: null,
      target: sessionId === undefined ? { type: 'account', id: accountId } : { type: 'session', id: sessionId },
      ...(detail === undefined ? {} : { detail }),
    });
  }
}
