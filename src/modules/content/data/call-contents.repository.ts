import { Injectable } from '@nestjs/common';
import type { CallId, OrganisationId } from '../../../kernel/ids.js';
import type { ContentTx } from '../../../platform/database/unit-of-work.js';
import { CONTENT_STORES, type ContentStore } from '../content.contract.js';
import { CONTENT_TABLES, type ContentRow } from './content-rows.js';
import type { SealedRows } from './sealed-rows.js';

const COLUMNS = `call_id, expires_on, organisation_id, project_id, key_id, written_at, grant_id, key_version, request_bytes, answer_bytes,
  request_cut, answer_cut, redacted, sealed, blob_day`;

const insertInto = (table: string): string => `
INSERT INTO ${table} (${COLUMNS}) SELECT ${COLUMNS} FROM unnest($1::content_row[]) ON CONFLICT DO NOTHING`;

const selectFrom = (table: string): string => `
SELECT call_id AS "callId", expires_on::text AS "expiresOn", organisation_id AS "organisationId", project_id AS "projectId", key_id AS "keyId",
  written_at AS "writtenAt", grant_id AS "grantId", key_version AS "keyVersion", request_bytes AS "requestBytes", answer_bytes AS "answerBytes",
  request_cut AS "requestCut", answer_cut AS "answerCut", redacted, sealed, blob_day::text AS "blobDay"
FROM ${table} WHERE organisation_id = $1 AND call_id = $2`;

/** Rows of the content tables, for transactions that act as `lethe_content` and no others (C3). */
@Injectable()
export class CallContentsRepository {
  /** Adds rows of one store, of any organisations. A call that is there already, because an answer was lost, stays as it is. */
  async insert(tx: ContentTx, store: ContentStore, rows: SealedRows): Promise<void> {
    await tx.query(insertInto(CONTENT_TABLES[store]), [rows.array()]);
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
