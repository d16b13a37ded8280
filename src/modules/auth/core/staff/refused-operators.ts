import { Injectable } from '@nestjs/common';
import { Clock } from '../../../../kernel/clock.js';
import type { OperatorId } from '../../../../kernel/ids.js';
import { Log } from '../../../../platform/telemetry/logger.js';
import { Metrics, type OperatorRefusal } from '../../../../platform/telemetry/metrics.js';
import type { AuditActor } from '../../../audit/audit.contract.js';
import { LoneAudit } from './lone-audit.js';

/** One audit row a minute for each operator and reason tells as much as thousands. */
const QUIET_MS = 60_000;
/** Operators and reasons remembered; past it all begin anew. */
const CAPACITY = 1_000;
const STRANGER: AuditActor = { kind: 'system', id: 'admin-door' };

/** Counts who was turned away from the operator side, and writes it down without letting anyone flood the audit log. */
@Injectable()
export class RefusedOperators {
  private readonly seen = new Map<string, { readonly untilMs: number; unwritten: number }>();

  constructor(
    private readonly audit: LoneAudit,
    private readonly metrics: Metrics,
    private readonly clock: Clock,
    private readonly log: Log,
  ) {}

  /** `operator` is null where nobody has proven to be one. Never rejects: whoever is refused stays refused. */
  async note(operator: OperatorId | null, reason: OperatorRefusal): Promise<void> {
    this.metrics.operatorRefused(reason);
    const count = this.toWrite(`${reason}:${operator ?? ''}`);
    if (count === 0) return;
    const actor: AuditActor = operator === null ? STRANGER : { kind: 'operator', id: operator };
    const target = operator === null ? { type: 'listener', id: 'admin' } : { type: 'operator', id: operator };
    try {
      await this.audit.record([{ actor, action: 'operator.refused', organisationId: null, target, detail: { reason, count } }]);
    } catch (err) {
      this.log.error('a refused operator could not be written down', { component: 'admin-door', reason, err });
    }
  }

  /** How many refusals the row to write now stands for: this one, and those since the last row that got none. 0: none is due. */
  private toWrite(key: string): number {
    const nowMs = this.clock.monotonicMs();
    const before = this.seen.get(key);
    if (before !== undefined && nowMs < before.untilMs) {
      before.unwritten += 1;
      return 0;
    }
    if (this.seen.size >= CAPACITY) this.seen.clear();
    this.seen.set(key, { untilMs: nowMs + QUIET_MS, unwritten: 0 });
    return 1 + (before?.unwritten ?? 0);
  }
}
