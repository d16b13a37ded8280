import { Injectable } from '@nestjs/common';
import { Clock } from '../../../../kernel/clock.js';
import type { OrganisationId } from '../../../../kernel/ids.js';
import { type Tx, UnitOfWork } from '../../../../platform/database/unit-of-work.js';
import { type AuditActor, type AuditEntry, AuditLog } from '../../../audit/audit.contract.js';
import { ScimUsersRepository } from '../../data/scim-users.repository.js';

/** What happened to a user or group of a directory, and what the audit row says of it. */
export type DirectoryEvent = Pick<AuditEntry, 'action' | 'target' | 'detail'>;

/** Opens the transactions in which a directory's users and groups change, and tells the audit log of it. */
@Injectable()
export class DirectoryBook {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly users: ScimUsersRepository,
    private readonly audit: AuditLog,
    private readonly clock: Clock,
  ) {}

  /**
   * One system transaction, as accounts are no tenant's, in which changes of one organisation's directory follow one another: what two requests do at
   * once is done as if one after the other.
   */
  change<T>(organisationId: OrganisationId, work: (tx: Tx) => Promise<T>): Promise<T> {
    return this.unitOfWork.asSystem(async (tx) => {
      await this.users.lockDirectory(tx, organisationId);
      return work(tx);
    });
  }

  now(): Date {
    return this.clock.now();
  }

  record(tx: Tx, organisationId: OrganisationId, actor: AuditActor, event: DirectoryEvent): Promise<void> {
    return this.audit.record(tx, { ...event, actor, organisationId });
  }
}
