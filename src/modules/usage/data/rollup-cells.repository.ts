import { Injectable } from '@nestjs/common';
import type { OrganisationId } from '../../../kernel/ids.js';
import type { Tx } from '../../../platform/database/unit-of-work.js';
import { idRange } from './call-conditions.js';
import { CELL_COLUMNS, cellsOfCells, cellsOfRecords, RECORD_COLUMNS } from './rollup-sql.js';

export type UsageGrain = 'minute' | 'hour' | 'day';

/** A minute, an hour or a day, milliseconds since the epoch; `endMs` is the first moment after it. */
export interface Bucket {
  readonly grain: UsageGrain;
  readonly startMs: number;
  readonly endMs: number;
}

/** An organisation whose bucket is made, and until when it is kept. */
export interface BucketOwner {
  readonly organisationId: OrganisationId;
  /** `YYYY-MM-DD`. */
  readonly expiresOn: string;
}

/** What an organisation's calls come to. */
export interface CallTotal {
  readonly organisationId: OrganisationId;
  readonly calls: number;
  /** US dollars, of the calls whose cost is known. */
  readonly cost: string;
}

/** What is written of one organisation's bucket. */
export interface BucketTotal extends CallTotal {
  /** The day its first record expires, `YYYY-MM-DD`. */
  readonly sourceExpiresOn: string;
}

/** Models named in one bucket of an organisation; the rest is summed without a name, so that nobody fills the table with names they make up. */
const MOST_MODELS = 200;

const OWNERS = 'unnest($1::uuid[], $2::date[]) AS owner (id, expires_on)';
const INSERT = `INSERT INTO usage_rollup (organisation_id, expires_on, grain, bucket_start, cell, ${CELL_COLUMNS})
  SELECT c.organisation_id, owner.expires_on, $3::usage_grain, $4::timestamptz, row_number() OVER (PARTITION BY c.organisation_id), ${CELL_COLUMNS}`;

/** Makes and replaces the cells of roll-ups, whole buckets at a time. */
@Injectable()
export class RollupCellsRepository {
  /** The organisations, of those given, that have this bucket already. */
  totals(tx: Tx, { grain, startMs }: Bucket, organisations: readonly OrganisationId[]): Promise<BucketTotal[]> {
    return tx.query<BucketTotal[]>(
      `SELECT organisation_id AS "organisationId", sum(calls)::float8 AS calls, sum(cost)::text AS cost, min(source_expires_on)::text AS "sourceExpiresOn"
       FROM usage_rollup WHERE ${MINE} GROUP BY 1`,
      [organisations, grain, new Date(startMs)],
    );
  }

  /** How many records the ledger has of a bucket, by organisation, counted up to `most` of each; one without any is left out. */
  async recordCounts(tx: Tx, bucket: Bucket, organisations: readonly OrganisationId[], most: number): Promise<Map<OrganisationId, number>> {
    const rows = await tx.query<{ id: OrganisationId; calls: number }[]>(
      `SELECT owner.id, own.calls FROM unnest($1::uuid[]) AS owner (id) CROSS JOIN LATERAL (SELECT count(*)::float8 AS calls FROM
         (SELECT FROM call_record WHERE organisation_id = owner.id AND ${recordsFrom(2)} LIMIT $6) counted) own WHERE own.calls > 0`,
      [organisations, ...spanOf(bucket), most],
    );
    return new Map(rows.map(({ id, calls }) => [id, calls]));
  }

  /** What the ledger has of a bucket; organisations without records are left out. */
  recordTotals(tx: Tx, bucket: Bucket, organisations: readonly OrganisationId[]): Promise<CallTotal[]> {
    return tx.query<CallTotal[]>(
      `SELECT owner.id AS "organisationId", own.calls, own.cost FROM unnest($1::uuid[]) AS owner (id) CROSS JOIN LATERAL
         (SELECT count(*)::float8 AS calls, coalesce(sum(cost), 0)::text AS cost FROM call_record WHERE organisation_id = owner.id AND ${recordsFrom(2)}) own
       WHERE own.calls > 0`,
      [organisations, ...spanOf(bucket)],
    );
  }

  /** Replaces an hour, or a minute, of each owner by what the ledger has of it. */
  async replaceByRecords(tx: Tx, bucket: Bucket, owners: readonly BucketOwner[]): Promise<void> {
    await this.remove(tx, bucket, owners);
    // Cells are few and records many: they are not sorted to find the few.
    await tx.query(`SET LOCAL work_mem = '64MB'; SET LOCAL enable_sort = off; SET LOCAL enable_incremental_sort = off`);
    const records = `SELECT own.* FROM unnest($1::uuid[]) AS tenant (id) CROSS JOIN LATERAL
      (SELECT ${RECORD_COLUMNS} FROM call_record WHERE organisation_id = tenant.id AND ${recordsFrom(5)}) own`;
    await tx.query(`${INSERT} FROM (${cellsOfRecords(records, '$4::timestamptz')}) c JOIN ${OWNERS} ON owner.id = c.organisation_id`, [
      ...places(bucket, owners),
      ...spanOf(bucket),
    ]);
    await this.foldModels(tx, bucket, owners);
  }

  /** Replaces a day of each owner by the sum of its hours, or an hour by that of its minutes. */
  async replaceByParts(tx: Tx, bucket: Bucket, owners: readonly BucketOwner[]): Promise<void> {
    await this.remove(tx, bucket, owners);
    const parts = `SELECT * FROM usage_rollup WHERE organisation_id = ANY ($1::uuid[]) AND ${partsFrom(5)}`;
    await tx.query(`${INSERT} FROM (${cellsOfCells(parts, '$4::timestamptz')}) c JOIN ${OWNERS} ON owner.id = c.organisation_id`, [
      ...places(bucket, owners),
      ...partSpanOf(bucket),
    ]);
    await this.foldModels(tx, bucket, owners);
  }

  /** Removes the minutes of an hour, those that were put together as well as those that shall not be. */
  async removeMinutes(tx: Tx, hour: Bucket, organisationId: OrganisationId): Promise<void> {
    await tx.query(`DELETE FROM usage_rollup WHERE organisation_id = $1 AND ${partsFrom(2)}`, [organisationId, ...partSpanOf(hour)]);
  }

  private async remove(tx: Tx, { grain, startMs }: Bucket, owners: readonly BucketOwner[]): Promise<void> {
    await tx.query(`DELETE FROM usage_rollup WHERE ${MINE}`, [
      owners.map(({ organisationId }) => organisationId),
      grain,
      new Date(startMs),
    ]);
  }

  /** Takes the name from the models beyond the most used, in the buckets that have more. */
  private async foldModels(tx: Tx, bucket: Bucket, owners: readonly BucketOwner[]): Promise<void> {
    const all = [owners.map(({ organisationId }) => organisationId), bucket.grain, new Date(bucket.startMs), MOST_MODELS];
    const crowded = await tx.query<{ id: OrganisationId }[]>(
      `SELECT organisation_id AS id FROM usage_rollup WHERE ${MINE} GROUP BY 1 HAVING count(DISTINCT model) > $4`,
      all,
    );
    if (crowded.length === 0) return;
    const ids = new Set(crowded.map(({ id }) => id));
    await tx.query(
      `UPDATE usage_rollup r SET model = NULL FROM (
         SELECT organisation_id, model, row_number() OVER (PARTITION BY organisation_id ORDER BY sum(calls) DESC, model) AS place
         FROM usage_rollup WHERE ${MINE} AND model IS NOT NULL GROUP BY 1, 2) named
       WHERE r.organisation_id = named.organisation_id AND r.grain = $2 AND r.bucket_start = $3 AND r.model = named.model AND named.place > $4`,
      [[...ids], ...all.slice(1)],
    );
    const gone = `DELETE FROM usage_rollup WHERE organisation_id = ANY ($1::uuid[]) AND grain = $3 AND bucket_start = $4 RETURNING *`;
    await tx.query(
      `WITH gone AS (${gone}) ${INSERT} FROM (${cellsOfCells('SELECT * FROM gone', '$4::timestamptz')}) c
       JOIN ${OWNERS} ON owner.id = c.organisation_id`,
      places(
        bucket,
        owners.filter(({ organisationId }) => ids.has(organisationId)),
      ),
    );
  }
}

/** One bucket of several organisations. */
const MINE = 'organisation_id = ANY ($1::uuid[]) AND grain = $2 AND bucket_start = $3';

/** Records of one bucket, by four parameters from `first`; see {@link spanOf}. */
const recordsFrom = (first: number): string =>
  `id >= $${first} AND id < $${first + 1} AND started_at >= $${first + 2} AND started_at < $${first + 3}`;

/** The bounds on the id let the ledger's one index find the range; the start decides. */
function spanOf({ startMs, endMs }: Bucket): [string, string, Date, Date] {
  return [...idRange(startMs, endMs), new Date(startMs), new Date(endMs)];
}

/** The finer buckets that a bucket is the sum of, by three parameters from `first`; see {@link partSpanOf}. */
const partsFrom = (first: number): string => `grain = $${first} AND bucket_start >= $${first + 1} AND bucket_start < $${first + 2}`;

function partSpanOf({ grain, startMs, endMs }: Bucket): [UsageGrain, Date, Date] {
  return [grain === 'day' ? 'hour' : 'minute', new Date(startMs), new Date(endMs)];
}

function places({ grain, startMs }: Bucket, owners: readonly BucketOwner[]): [OrganisationId[], string[], UsageGrain, Date] {
  return [owners.map(({ organisationId }) => organisationId), owners.map(({ expiresOn }) => expiresOn), grain, new Date(startMs)];
}
