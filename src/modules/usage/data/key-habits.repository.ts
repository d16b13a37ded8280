import { Injectable } from '@nestjs/common';
import { present } from '../../../kernel/assert.js';
import { type ApiKeyId, type CallId, idTimeMs, type OrganisationId } from '../../../kernel/ids.js';
import type { Tx } from '../../../platform/database/unit-of-work.js';
import { lowestIdAt } from './call-conditions.js';
import { TENANTS } from './calls.repository.js';

/** What a key's hours are measured by. */
export type HabitFigure = 'calls' | 'cost';

/** Calls by the moment in their id, from the first to before the second, all within one hour. */
export interface HabitSpan {
  readonly fromMs: number;
  readonly toMs: number;
  readonly hourMs: number;
}

export interface UnusualHour {
  readonly organisationId: OrganisationId;
  readonly keyId: ApiKeyId;
}

/** Calls that have begun; their cost is known once they have ended, so it is summed from records alone. */
const CALLS_BEGUN = `SELECT own.organisation_id, own.key_id, own.cost FROM tenant CROSS JOIN LATERAL
    (SELECT organisation_id, key_id, cost FROM call_record WHERE organisation_id = tenant.id AND id >= $1 AND id < $2) own`;
const CALLS_IN_FLIGHT = 'SELECT organisation_id, key_id, NULL::numeric FROM call_intent WHERE id >= $1 AND id < $2';

const SOURCES: Readonly<Record<HabitFigure, { readonly rows: string; readonly sum: string }>> = {
  calls: { rows: `${CALLS_BEGUN} UNION ALL ${CALLS_IN_FLIGHT}`, sum: 'count(*)' },
  cost: { rows: CALLS_BEGUN, sum: 'coalesce(sum(cost), 0)' },
};

/** What each key did, by the hour, summed from the ledger bit by bit. */
@Injectable()
export class KeyHabitsRepository {
  /** Up to which moment a figure has been summed. Locked until the transaction ends, so that nothing is summed twice. */
  async lockProgress(tx: Tx, figure: HabitFigure): Promise<number> {
    const [row] = await tx.query<{ at: Date }[]>('SELECT summed_until AS at FROM key_habit_progress WHERE figure = $1 FOR UPDATE', [
      figure,
    ]);
    return present(row, 'the progress of a figure').at.getTime();
  }

  /** Adds the calls of `span` to their hour, each organisation by its own range of the ledger's index. */
  async add(tx: Tx, figure: HabitFigure, { fromMs, toMs, hourMs }: HabitSpan): Promise<void> {
    const { rows, sum } = SOURCES[figure];
    await tx.query(
      `${TENANTS} INSERT INTO key_habit AS h (organisation_id, key_id, hour, ${figure})
       SELECT organisation_id, key_id, $3::timestamptz, ${sum} FROM (${rows}) calls GROUP BY organisation_id, key_id
       ON CONFLICT (key_id, hour) DO UPDATE SET ${figure} = h.${figure} + excluded.${figure}`,
      [lowestIdAt(fromMs), lowestIdAt(toMs), new Date(hourMs)],
    );
    await this.noteProgress(tx, figure, toMs);
  }

  async noteProgress(tx: Tx, figure: HabitFigure, untilMs: number): Promise<void> {
    await tx.query('UPDATE key_habit_progress SET summed_until = $2 WHERE figure = $1', [figure, new Date(untilMs)]);
  }

  /** When the first call since `fromMs` began that is in the ledger; undefined when there is none. */
  async firstCallMs(tx: Tx, fromMs: number): Promise<number | undefined> {
    const [row] = await tx.query<{ id: CallId | null }[]>(
      `${TENANTS} SELECT least(
         (SELECT own.id FROM tenant CROSS JOIN LATERAL
           (SELECT id FROM call_record WHERE organisation_id = tenant.id AND id >= $1 ORDER BY id LIMIT 1) own ORDER BY own.id LIMIT 1),
         (SELECT id FROM call_intent WHERE id >= $1 ORDER BY id LIMIT 1)) AS id`,
      [lowestIdAt(fromMs)],
    );
    return row?.id ? idTimeMs(row.id) : undefined;
  }

  /** When the oldest call still in flight began; undefined when none is. */
  async oldestInFlightMs(tx: Tx): Promise<number | undefined> {
    const [row] = await tx.query<{ id: CallId }[]>('SELECT id FROM call_intent ORDER BY id LIMIT 1');
    return row === undefined ? undefined : idTimeMs(row.id);
  }

  /**
   * Marks and answers the keys with an hour since `sinceMs` that reaches `floor` and is more than `factor` times their busiest one before it. A key
   * younger than `bornBeforeMs` has no habit yet. Each hour of a key is answered once.
   */
  async claimUnusual(
    tx: Tx,
    figure: HabitFigure,
    bounds: { readonly floor: number; readonly factor: number },
    times: { readonly sinceMs: number; readonly bornBeforeMs: number },
  ): Promise<UnusualHour[]> {
    // TypeORM answers an UPDATE with its rows and their number.
    const [rows] = await tx.query<[UnusualHour[], number]>(
      `UPDATE key_habit h SET ${figure}_told = true
       WHERE h.hour >= $1 AND NOT h.${figure}_told AND h.${figure} >= $2 AND h.key_id < $3
         AND h.${figure} > $4 * coalesce((SELECT max(p.${figure}) FROM key_habit p WHERE p.key_id = h.key_id AND p.hour < h.hour), 0)
       RETURNING organisation_id AS "organisationId", key_id AS "keyId"`,
      [new Date(times.sinceMs), bounds.floor, lowestIdAt(times.bornBeforeMs), bounds.factor],
    );
    return rows;
  }

  async forgetBefore(tx: Tx, ms: number): Promise<number> {
    const [, count] = await tx.query<[unknown[], number]>('DELETE FROM key_habit WHERE hour < $1', [new Date(ms)]);
    return count;
  }
}
