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

/** An organisation's hour whose roll-up is not what the ledger says. */
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

  /** Hours with late records, or half made, that end by `untilMs`: oldest first, those behind `after`. */
  async lateHours(tx: Tx, untilMs: number, limit: number, after: LateHour | undefined): Promise<LateHour[]> {
    const rows = await tx.query<{ id: OrganisationId; hour: Date }[]>(
      `SELECT DISTINCT organisation_id AS id, hour FROM usage_late_hour
       WHERE hour < $1 AND ($3::uuid IS NULL OR (hour, organisation_id) > ($4, $3)) ORDER BY hour, id LIMIT $2`,
      [new Date(untilMs), limit, after?.organisationId ?? null, after === undefined ? null : new Date(after.hourMs)],
    );
    return rows.map(({ id, hour }) => ({ organisationId: id, hourMs: hour.getTime() }));
  }

  /** The first hour with late records, or half made, from `fromMs` on, of one organisation or of all; undefined when there is none. */
  async firstLateHourMs(tx: Tx, fromMs: number, organisationId: OrganisationId | undefined): Promise<number | undefined> {
    const [row] = await tx.query<{ at: Date | null }[]>(
      'SELECT min(hour) AS at FROM usage_late_hour WHERE hour >= $1 AND ($2::uuid IS NULL OR organisation_id = $2)',
      [new Date(fromMs), organisationId ?? null],
    );
    return row?.at?.getTime();
  }

  /**
   * Forgets that an hour has late records. Before the hour is read, in the same transaction: records that come later leave a mark of their own, which
   * this does not see. The mark of an hour that is half made stays.
   */
  async forgetLate(tx: Tx, hourMs: number, organisations: readonly OrganisationId[]): Promise<void> {
    await tx.query('DELETE FROM usage_late_hour WHERE hour = $1 AND organisation_id = ANY ($2::uuid[]) AND made_until IS NULL', [
      new Date(hourMs),
      organisations,
    ]);
  }

  /** Notes that an hour is not what the ledger says, for whoever makes it later and for whoever reads it before. */
  async noteLate(tx: Tx, hourMs: number, organisationId: OrganisationId): Promise<void> {
    await tx.query(
      `INSERT INTO usage_late_hour (organisation_id, hour) SELECT $1::uuid, $2::timestamptz
       WHERE NOT EXISTS (SELECT FROM usage_late_hour WHERE organisation_id = $1 AND hour = $2)`,
      [organisationId, new Date(hourMs)],
    );
  }

  /** Those of the organisations whose hour somebody has begun to make minute by minute. */
  async halfMade(tx: Tx, hourMs: number, organisations: readonly OrganisationId[]): Promise<OrganisationId[]> {
    const rows = await tx.query<{ id: OrganisationId }[]>(
      'SELECT organisation_id AS id FROM usage_late_hour WHERE hour = $1 AND organisation_id = ANY ($2::uuid[]) AND made_until IS NOT NULL',
      [new Date(hourMs), organisations],
    );
    return rows.map(({ id }) => id);
  }

  /** Up to where an hour is made, minute by minute; undefined when nobody has begun. */
  async madeUntilMs(tx: Tx, hourMs: number, organisationId: OrganisationId): Promise<number | undefined> {
    const [row] = await tx.query<{ at: Date }[]>(
      'SELECT made_until AS at FROM usage_late_hour WHERE organisation_id = $1 AND hour = $2 AND made_until IS NOT NULL',
      [organisationId, new Date(hourMs)],
    );
    return row?.at.getTime();
  }

  /** Begins an hour that is made minute by minute. Until it is whole it counts as one with late records. */
  async begin(tx: Tx, hourMs: number, organisationId: OrganisationId): Promise<void> {
    await tx.query('INSERT INTO usage_late_hour (organisation_id, hour, made_until) VALUES ($1, $2, $2)', [
      organisationId,
      new Date(hourMs),
    ]);
  }

  async madeUntil(tx: Tx, hourMs: number, organisationId: OrganisationId, untilMs: number): Promise<void> {
    await tx.query('UPDATE usage_late_hour SET made_until = $3 WHERE organisation_id = $1 AND hour = $2 AND made_until IS NOT NULL', [
      organisationId,
      new Date(hourMs),
      new Date(untilMs),
    ]);
  }

  /** Ends what was begun; marks of late records that came meanwhile stay. */
  async end(tx: Tx, hourMs: number, organisationId: OrganisationId): Promise<void> {
    await tx.query('DELETE FROM usage_late_hour WHERE organisation_id = $1 AND hour = $2 AND made_until IS NOT NULL', [
      organisationId,
      new Date(hourMs),
    ]);
  }

  /** Makes the partitions of these days, `YYYY-MM-DD`, where they are missing. In a transaction of its own: it locks the table. */
  async createPartitions(tx: Tx, days: readonly string[]): Promise<void> {
    await tx.query(`SELECT create_expiry_partition('usage_rollup', day) FROM unnest($1::date[]) AS day`, [days]);
  }
}
