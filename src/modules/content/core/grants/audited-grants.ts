import { Injectable } from '@nestjs/common';
import type { Tx } from '../../../../platform/database/unit-of-work.js';
import { type AuditActor, AuditLog } from '../../../audit/audit.contract.js';
import type { TroubleshootingGrantRow } from '../../data/troubleshooting-grant.entity.js';
import { TroubleshootingGrantsRepository } from '../../data/troubleshooting-grants.repository.js';

const HOUR_MS = 3_600_000;

/** Troubleshooting grants as they begin and end, each with its row in the organisation's audit log (C5). */
@Injectable()
export class AuditedGrants {
  constructor(
    private readonly grants: TroubleshootingGrantsRepository,
    private readonly audit: AuditLog,
  ) {}

  async open(tx: Tx, actor: AuditActor, grant: TroubleshootingGrantRow): Promise<void> {
    const { scope, scopeId, reason, ticket, openedAt, endsAt } = grant;
    await this.grants.insert(tx, grant);
    const hours = (endsAt.getTime() - openedAt.getTime()) / HOUR_MS;
    await this.record(tx, actor, 'troubleshooting_grant.opened', grant, { scope, scopeId, reason, ticket, hours });
  }

  /** Writes the end down once, whoever asks: by a person before its time, or by the clock. False when it is written down already. */
  async end(tx: Tx, actor: AuditActor, grant: TroubleshootingGrantRow, closedAt: Date): Promise<boolean> {
    if (!(await this.grants.close(tx, grant.id, closedAt))) return false;
    await this.record(tx, actor, 'troubleshooting_grant.closed', grant, { early: closedAt < grant.endsAt });
    return true;
  }

  private record(
    tx: Tx,
    actor: AuditActor,
    action: 'troubleshooting_grant.opened' | 'troubleshooting_grant.closed',
    { organisationId, id }: TroubleshootingGrantRow,
    detail: Readonly<Record<string, string | number | boolean | null>>,
  ): Promise<void> {
    return this.audit.record(tx, { actor, action, organisationId, target: { type: 'troubleshooting_grant', id }, detail });
  }
}
