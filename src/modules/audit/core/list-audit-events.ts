import { Injectable } from '@nestjs/common';
import { Clock, utcDay } from '../../../kernel/clock.js';
import type { OrganisationId } from '../../../kernel/ids.js';
import { UnitOfWork } from '../../../platform/database/unit-of-work.js';
import type { AuditEventEntity, AuditEventId } from '../data/audit-event.entity.js';
import { AuditEventsRepository } from '../data/audit-events.repository.js';

export interface AuditEventQuery {
  readonly action?: string | undefined;
  readonly targetType?: string | undefined;
  readonly targetId?: string | undefined;
  readonly before?: AuditEventId | undefined;
  readonly limit: number;
}

/** Audit events, newest first: those of one organisation, with null those of the installation itself, with `undefined` all there are. */
@Injectable()
export class ListAuditEvents {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly events: AuditEventsRepository,
    private readonly clock: Clock,
  ) {}

  run(organisationId: OrganisationId | null | undefined, query: AuditEventQuery): Promise<AuditEventEntity[]> {
    const filter = {
      organisationId,
      action: query.action,
      targetType: query.targetType,
      targetId: query.targetId,
      before: query.before,
      notExpiredBefore: utcDay(this.clock.nowMs()),
    };
    if (organisationId == null) return this.unitOfWork.asSystem((tx) => this.events.list(tx, filter, query.limit));
    return this.unitOfWork.forOrganisation(organisationId, (tx) => this.events.list(tx, filter, query.limit));
  }
}
