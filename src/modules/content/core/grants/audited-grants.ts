import { Injectable } from '@nestjs/common';
import { Clock } from '../../../../kernel/clock.js';
import type { Tx } from '../../../../platform/database/unit-of-work.js';
import { type AuditActor, type AuditEntry, AuditLog } from '../../../audit/audit.contract.js';
import { contentErrors } from '../../content.errors.js';
import type { TroubleshootingGrantRow } from '../../data/troubleshooting-grant.entity.js';
import { TroubleshootingGrantsRepository } from '../../data/troubleshooting-grants.repository.js';
import { MOST_OPEN_GRANTS } from './grant-rules.js';

const HOUR_MS = 3_600_000;

/** Troubleshooting grants as they begin and end, each with its row in the organisation's audit log (C5). */
@Injectable()
export class AuditedGrants {
  constructor(
    private readonly grants: TroubleshootingGrantsRepository,
    private readonly audit: AuditLog,
    private readonly clock: Clock,
  ) {}

  /** Begins now. Raises `content/too_many_grants`. */
  async open(
    tx: Tx,
    actor: AuditActor,
    asked: Omit<TroubleshootingGrantRow, 'openedAt' | 'endsAt' | 'closedAt'>,
    lastsMs: number,
  ): Promise<TroubleshootingGrantRow> {
    const openedAt = this.clock.now();
    const { organisationId, scope, scopeId, reason, ticket } = asked;
    if ((await this.grants.countOpen(tx, organisationId, openedAt)) >= MOST_OPEN_GRANTS) throw contentErrors.too_many_grants();
    const grant = { ...asked, openedAt, endsAt: new Date(openedAt.getTime() + lastsMs), closedAt: null };
    await this.grants.insert(tx, grant);
    const detail = { scope, scopeId, reason, ticket, hours: lastsMs / HOUR_MS };
    await this.audit.record(tx, { actor, action: 'troubleshooting_grant.opened', ...about(grant), detail });
    return grant;
  }

  /** Writes the end down once, whoever asks: by a person before its time, or by the clock. False when it is written down already. */
  async end(tx: Tx, actor: AuditActor, grant: TroubleshootingGrantRow, closedAt: Date): Promise<boolean> {
    if (!(await this.grants.close(tx, grant.id, closedAt))) return false;
    const detail = { early: closedAt < grant.endsAt };
    await this.audit.record(tx, { actor, action: 'troubleshooting_grant.closed', ...about(grant), detail });
    return true;
  }
}

function about({ organisationId, id }: TroubleshootingGrantRow): Pick<AuditEntry, 'organisationId' | 'target'> {
  return { organisationId, target: { type: 'troubleshooting_grant', id } };
}
