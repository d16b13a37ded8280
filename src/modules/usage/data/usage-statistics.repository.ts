import { Injectable } from '@nestjs/common';
import type { OrganisationId } from '../../../kernel/ids.js';
import type { Tx } from '../../../platform/database/unit-of-work.js';
import type { DurationPercentiles } from '../usage-analytics.contract.js';

/** What one organisation used of one model on a day. */
export interface StatisticSource {
  readonly organisationId: OrganisationId;
  readonly provider: string;
  /** Null: models that are not named one by one. */
  readonly model: string | null;
  readonly calls: number;
  readonly failedCalls: number;
  readonly inputTokens: number;
  readonly outputTokens: number;
}

/** Entries of the sketches of one organisation's calls of a model. */
export interface StatisticDurations {
  readonly latency: Buffer | null;
  readonly firstToken: Buffer | null;
}

/** A cell as it is released. Without a model it is a provider's sum, without a provider that of all. A null figure is withheld. */
export interface StatisticCell {
  readonly provider: string | null;
  readonly model: string | null;
  readonly calls: number | null;
  readonly failedCalls: number | null;
  readonly inputTokens: number | null;
  readonly outputTokens: number | null;
  readonly latency: DurationPercentiles | null;
  readonly firstToken: DurationPercentiles | null;
}

export type DatedStatistic = StatisticCell & { readonly day: string };

/** What statistics are made of, and what was released. */
@Injectable()
export class UsageStatisticsRepository {
  /** Calls that went to a provider, by organisation, provider and model. */
  sources(tx: Tx, dayMs: number): Promise<StatisticSource[]> {
    return tx.query<StatisticSource[]>(
      `SELECT organisation_id AS "organisationId", provider, model, sum(calls)::float8 AS calls,
         coalesce(sum(calls) FILTER (WHERE outcome IN ('failed', 'cut')), 0)::float8 AS "failedCalls",
         sum(input_tokens)::float8 AS "inputTokens", sum(output_tokens)::float8 AS "outputTokens"
       FROM usage_rollup WHERE grain = 'day' AND bucket_start = $1 AND provider IS NOT NULL GROUP BY 1, 2, 3`,
      [new Date(dayMs)],
    );
  }

  /** How long one model's calls took, by organisation. */
  durations(tx: Tx, dayMs: number, provider: string, model: string): Promise<StatisticDurations[]> {
    return tx.query<StatisticDurations[]>(
      `SELECT string_agg(substr(latency, 2), ''::bytea) AS latency, string_agg(substr(first_token, 2), ''::bytea) AS "firstToken"
       FROM usage_rollup WHERE grain = 'day' AND bucket_start = $1 AND provider = $2 AND model = $3 GROUP BY organisation_id`,
      [new Date(dayMs), provider, model],
    );
  }

  /** Makes the partition of a day, `YYYY-MM-DD`, if it is missing. In a transaction of its own: it locks the table. */
  async createPartition(tx: Tx, day: string): Promise<void> {
    await tx.query(`SELECT create_expiry_partition('usage_statistic', $1)`, [day]);
  }

  /** Whether the day was released. Of two who release it at once, one fails on its key. */
  async isReleased(tx: Tx, day: string): Promise<boolean> {
    const rows = await tx.query<object[]>('SELECT FROM usage_statistic WHERE day = $1 LIMIT 1', [day]);
    return rows.length > 0;
  }

  async release(tx: Tx, day: string, expiresOn: string, cells: readonly StatisticCell[]): Promise<void> {
    await tx.query(
      `INSERT INTO usage_statistic (day, expires_on, cell, provider, model, calls, failed_calls, input_tokens, output_tokens, latency, first_token)
       SELECT $1, $2, c.place, c.cell ->> 'provider', c.cell ->> 'model', (c.cell ->> 'calls')::bigint, (c.cell ->> 'failedCalls')::bigint,
         (c.cell ->> 'inputTokens')::bigint, (c.cell ->> 'outputTokens')::bigint, nullif(c.cell -> 'latency', 'null'), nullif(c.cell -> 'firstToken', 'null')
       FROM jsonb_array_elements($3::jsonb) WITH ORDINALITY AS c (cell, place)`,
      [day, expiresOn, JSON.stringify(cells)],
    );
  }

  /** Released cells from one day to another, both included, sums before what they are of. */
  list(tx: Tx, fromDay: string, toDay: string): Promise<DatedStatistic[]> {
    return tx.query<DatedStatistic[]>(
      `SELECT day::text AS day, provider, model, calls::float8 AS calls, failed_calls::float8 AS "failedCalls", input_tokens::float8 AS "inputTokens",
         output_tokens::float8 AS "outputTokens", latency, first_token AS "firstToken"
       FROM usage_statistic WHERE day BETWEEN $1 AND $2 ORDER BY day, cell`,
      [fromDay, toDay],
    );
  }
}
