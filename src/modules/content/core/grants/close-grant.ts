import { Injectable } from '@nestjs/common';
import { Clock } from '../../../../kernel/clock.js';
import type { OrganisationId, TroubleshootingGrantId } from '../../../../kernel/ids.js';
import { UnitOfWork } from '../../../../platform/database/unit-of-work.js';
import type { AuditActor } from '../../../audit/audit.contract.js';
import { contentErrors } from '../../content.errors.js';
import { TroubleshootingGrantsRepository } from '../../data/troubleshooting-grants.repository.js';
import { AuditedGrants } from './audited-grants.js';

const BATCH = 100;
/** Who closes what nobody closed. */
const TIME: AuditActor = { kind: 'system', id: 'troubleshooting-grants' };

/** Ends troubleshooting grants. One past its end lets nothing be kept, written down or not (C5). */
@Injectable()
export class CloseGrant {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly grants: TroubleshootingGrantsRepository,
    private readonly audited: AuditedGrants,
    private readonly clock: Clock,
  ) {}

  /** What was kept under it stays for its window. Closing a closed one changes nothing. Raises `content/grant_not_found`. */
  run(actor: AuditActor, organisationId: OrganisationId, id: TroubleshootingGrantId): Promise<void> {
    return this.unitOfWork.forOrganisation(organisationId, async (tx) => {
      const grant = await this.grants.lock(tx, organisationId, id);
      if (grant === null) throw contentErrors.grant_not_found();
      const now = this.clock.now();
      // One that ended by itself is written down by the clock, as what it was.
      if (grant.closedAt === null && grant.endsAt > now) await this.audited.end(tx, actor, grant, now);
    });
  }

  /** Writes down those whose end has come, each once however many replicas try. Answers how many there were in this batch. */
  closeOverdue(): Promise<number> {
    return this.unitOfWork.asSystem(async (tx) => {
      const overdue = await this.grants.overdue(tx, this.clock.now(), BATCH);
      for (const grant of overdue) await this.audited.end(tx, TIME, grant, grant.endsAt);
      return overdue.length;
    });
  }
}
