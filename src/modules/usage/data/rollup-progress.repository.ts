import { Injectable } from '@nestjs/common';
import { present } from '../../../kernel/assert.js';
import type { CallId, OrganisationId } from '../../../kernel/ids.js';
import type { Tx } from '../../../platform/database/unit-of-work.js';
import { earliestStartMs, idRange } from './call-conditions.js';
import { TENANTS } from './calls.repository.js';

/** Up to which moment hours, and days, are rolled up; milliseconds since the epoch. */
export interface RollupProgress {
  readonly hoursUntilMs: number;
  readonly daysUntilMs: number;
}

export interface LateHour {
  readonly organisationId: OrganisationId;
  readonly hourMs: number;
}

/** How far roll-ups have come, what came too late for them, and what there is still to roll up. */
@Injectable()
export class RollupProgressRepository {
  async read(tx: Tx): Promise<RollupProgress> {
    const [row] = await tx.query<{ hours: Date; days: Date }[]>(
      'SELECT hours_until AS hours, days_until AS days FROM usage_rollup_progress',
    );
    const { hours, days } = present(row, 'the progress of roll-ups');
    return { hoursUntilMs: hours.getTime(), daysUntilMs: days.getTime() };
  }

  /** Until the transaction ends nobody else makes roll-ups: two workers that both think it is their turn follow each other. */
  async lock(tx: Tx): Promise<void> {
    await tx.query('SELECT FROM usage_rollup_progress FOR UPDATE');
  }

  async advance(tx: Tx, grain: 'hours' | 'days', untilMs: number): Promise<void> {
    await tx.query(`UPDATE usage_rollup_progress SET ${grain}_until = greatest(${grain}_until, $1)`, [new Date(untilMs)]);
  }

  /** When the oldest call still in flight began; undefined when none is. */
  async oldestInFlightMs(tx: Tx): Promise<number | undefined> {
    const [row] = await tx.query<{ at: Date | null }[]>('SELECT min(started_at) AS at FROM call_intent');
    return row?.at?.getTime();
  }

  /** A moment before which no call of the ledger began, from `fromMs` on; undefined when there is none at all. */
  async nextCallMs(tx: Tx, fromMs: number): Promise<number | undefined> {
    const [row] = await tx.query<{ id: CallId }[]>(
      `${TENANTS} SELECT own.id FROM tenant CROSS JOIN LATERAL
         (SELECT id FROM call_record WHERE organisation_id = tenant.id AND id >= $1 AND started_at >= $2 ORDER BY id LIMIT 1) own ORDER BY 1 LIMIT 1`,
      [idRange(fromMs, fromMs)[0], new Date(fromMs)],
    );
    return row === undefined ? undefined : Math.max(fromMs, earliestStartMs(row.id));
  }

  /** The organisations with calls of a span in the ledger. */
  async organisationsWithCalls(tx: Tx, fromMs: number, toMs: number): Promise<OrganisationId[]> {
    const rows = await tx.query<{ id: OrganisationId }[]>(
      `${TENANTS} SELECT tenant.id FROM tenant WHERE EXISTS (SELECT FROM call_record
         WHERE organisation_id = tenant.id AND id >= $1 AND id < $2 AND started_at >= $3 AND started_at < $4)`,
      [...idRange(fromMs, toMs), new Date(fromMs), new Date(toMs)],
    );
    return rows.map(({ id }) => id);
  }

  /** The organisations that have hours of a span rolled up. */
  async organisationsWithHours(tx: Tx, fromMs: number, toMs: number): Promise<OrganisationId[]> {
    const rows = await tx.query<{ id: OrganisationId }[]>(
      `SELECT DISTINCT organisation_id AS id FROM usage_rollup WHERE grain = 'hour' AND bucket_start >= $1 AND bucket_start < $2`,
      [new Date(fromMs), new Date(toMs)],
    );
    return rows.map(({ id }) => id);
  }

  /** The first rolled-up hour from `fromMs` on; undefined when there is none. Reads all hours: for a first round, or one after a long absence. */
  async nextHourMs(tx: Tx, fromMs: number): Promise<number | undefined> {
    const [row] = await tx.query<{ at: Date | null }[]>(
      `SELECT min(bucket_start) AS at FROM usage_rollup WHERE grain = 'hour' AND bucket_start >= $1`,
      [new Date(fromMs)],
    );
    return row?.at?.getTime();
  }

  /** Hours of these organisations, within a span, whose calls or cost are others in the ledger than in the roll-up. */
  async differingHours(tx: Tx, organisations: readonly OrganisationId[], fromMs: number, toMs: number): Promise<LateHour[]> {
    const rows = await tx.query<{ id: OrganisationId; hour: Date }[]>(
      `SELECT id, hour FROM (
         SELECT organisation_id AS id, bucket_start AS hour, calls, cost FROM usage_rollup
         WHERE organisation_id = ANY ($1::uuid[]) AND grain = 'hour' AND bucket_start >= $4 AND bucket_start < $5
         UNION ALL
         SELECT tenant.id, own.hour, -own.calls, -own.cost FROM unnest($1::uuid[]) AS tenant (id) CROSS JOIN LATERAL (
           SELECT date_trunc('hour', started_at, 'UTC') AS hour, count(*) AS calls, coalesce(sum(cost), 0) AS cost FROM call_record
           WHERE organisation_id = tenant.id AND id >= $2 AND id < $3 AND started_at >= $4 AND started_at < $5 GROUP BY 1) own
       ) both_sides GROUP BY 1, 2 HAVING sum(calls) <> 0 OR sum(cost) <> 0`,
      [organisations, ...idRange(fromMs, toMs), new Date(fromMs), new Date(toMs)],
    );
    return rows.map(({ id, hour }) => ({ organisationId: id, hourMs: hour.getTime() }));
  }

  /** Hours with late records that end by `untilMs`, oldest first. */
  async lateHours(tx: Tx, untilMs: number, limit: number): Promise<LateHour[]> {
    const rows = await tx.query<{ id: OrganisationId; hour: Date }[]>(
      'SELECT DISTINCT organisation_id AS id, hour FROM usage_late_hour WHERE hour < $1 ORDER BY hour, id LIMIT $2',
      [new Date(untilMs), limit],
    );
    return rows.map(({ id, hour }) => ({ organisationId: id, hourMs: hour.getTime() }));
  }

  /** The first hour with late records from `fromMs` on, of one organisation or of all; undefined when there is none. */
  async firstLateHourMs(tx: Tx, fromMs: number, organisationId: OrganisationId | undefined): Promise<number | undefined> {
    const [row] = await tx.query<{ at: Date | null }[]>(
      'SELECT min(hour) AS at FROM usage_late_hour WHERE hour >= $1 AND ($2::uuid IS NULL OR organisation_id = $2)',
      [new Date(fromMs), organisationId ?? null],
    );
    return row?.at?.getTime();
  }

  /**
   * Forgets that an hour has late records. Before the hour is read, in the same transaction: records that come later leave a mark of their own, which
   * this does not see.
   */
  async forgetLate(tx: Tx, hourMs: number, organisations: readonly OrganisationId[]): Promise<void> {
    await tx.query('DELETE FROM usage_late_hour WHERE hour = $1 AND organisation_id = ANY ($2::uuid[])', [new Date(hourMs), organisations]);
  }

  /** Makes the partitions of these days, `YYYY-MM-DD`, where they are missing. In a transaction of its own: it locks the table. */
  async createPartitions(tx: Tx, days: readonly string[]): Promise<void> {
    await tx.query(`SELECT create_expiry_partition('usage_rollup', day) FROM unnest($1::date[]) AS day`, [days]);
  }
}
