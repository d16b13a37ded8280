import { Injectable } from '@nestjs/common';
import type { CallId, OrganisationId } from '../../../kernel/ids.js';
import type { ContentTx } from '../../../platform/database/unit-of-work.js';
import { CONTENT_STORES, type ContentStore } from '../content.contract.js';
import { CONTENT_TABLES, type ContentFacts, type ContentRow, type PlacedRow } from './content-rows.js';

/** The sealed bytes of all rows travel as one parameter, in binary, and each row takes its part: an array would travel as hexadecimal text. */
const insertInto = (table: string): string => `
INSERT INTO ${table} (call_id, expires_on, organisation_id, project_id, key_id, written_at, grant_id, key_version, request_bytes, answer_bytes,
  request_cut, answer_cut, redacted, blob_day, sealed)
SELECT call_id, expires_on, organisation_id, project_id, key_id, written_at, grant_id, key_version, request_bytes, answer_bytes,
  request_cut, answer_cut, redacted, blob_day, CASE WHEN blob_day IS NULL THEN substring($1::bytea FROM at + 1 FOR bytes) END
FROM unnest($2::uuid[], $3::date[], $4::uuid[], $5::uuid[], $6::uuid[], $7::timestamptz[], $8::uuid[], $9::integer[], $10::integer[],
  $11::integer[], $12::boolean[], $13::boolean[], $14::boolean[], $15::date[], $16::integer[], $17::integer[])
  AS c (call_id, expires_on, organisation_id, project_id, key_id, written_at, grant_id, key_version, request_bytes, answer_bytes,
    request_cut, answer_cut, redacted, blob_day, at, bytes)
ON CONFLICT DO NOTHING`;

const selectFrom = (table: string): string => `
SELECT call_id AS "callId", expires_on::text AS "expiresOn", organisation_id AS "organisationId", project_id AS "projectId", key_id AS "keyId",
  written_at AS "writtenAt", grant_id AS "grantId", key_version AS "keyVersion", request_bytes AS "requestBytes", answer_bytes AS "answerBytes",
  request_cut AS "requestCut", answer_cut AS "answerCut", redacted, sealed, blob_day::text AS "blobDay"
FROM ${table} WHERE organisation_id = $1 AND call_id = $2`;

/** Rows of the content tables, for transactions that act as `lethe_content` and no others (C3). */
@Injectable()
export class CallContentsRepository {
  /** Adds rows of one store, of any organisations. A call that is there already, because an answer was lost, stays as it is. */
  async insert(tx: ContentTx, store: ContentStore, rows: readonly PlacedRow[], sealed: Buffer): Promise<void> {
    const column = (of: (facts: ContentFacts) => Plain): string => arrayOf(rows.map(({ facts }) => of(facts)));
    await tx.query(insertInto(CONTENT_TABLES[store]), [
      sealed,
      column(({ callId }) => callId),
      column(({ expiresOn }) => expiresOn),
      column(({ organisationId }) => organisationId),
      column(({ projectId }) => projectId),
      column(({ keyId }) => keyId),
      column(({ writtenAt }) => writtenAt.toISOString()),
      column(({ grantId }) => grantId),
      column(({ keyVersion }) => keyVersion),
      column(({ requestBytes }) => requestBytes),
      column(({ answerBytes }) => answerBytes),
      column(({ requestCut }) => requestCut),
      column(({ answerCut }) => answerCut),
      column(({ redacted }) => redacted),
      arrayOf(rows.map(({ blobDay }) => blobDay)),
      arrayOf(rows.map(({ at }) => at)),
      arrayOf(rows.map(({ bytes }) => bytes)),
    ]);
  }

  /** What is kept of a call of the organisation the transaction was opened for, wherever it is. */
  async find(tx: ContentTx, organisationId: OrganisationId, callId: CallId): Promise<ContentRow | null> {
    for (const store of CONTENT_STORES) {
      const [row] = await tx.query<Omit<ContentRow, 'store'>[]>(selectFrom(CONTENT_TABLES[store]), [organisationId, callId]);
      if (row) return { ...row, store };
    }
    return null;
  }
}

/** Ids, days, moments, numbers and truth values: no character of theirs has to be escaped in an array. */
type Plain = string | number | boolean | null;

/** An array as PostgreSQL reads it (manual, 8.15.6). The driver would look through every element for what has to be escaped. */
function arrayOf(values: readonly Plain[]): string {
  return `{${values.map((value) => value ?? 'NULL').join(',')}}`;
}
