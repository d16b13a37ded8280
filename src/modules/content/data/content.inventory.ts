import { declareTable, type RetentionRule } from '../../../contracts/data-inventory.js';
import type { WindowedClass } from '../../../contracts/data-classes.js';
import { declareStore } from '../../../contracts/store-inventory.js';
import { CONTENT_TABLES } from './content-rows.js';

/**
 * Content is its organisation's. It does not say whom a call was made for: the record of the call does, as long as there is one. Erasing an end user
 * destroys no key, which would take everybody's content along.
 */
const LOCATED = [
  { column: 'organisation_id' },
  { subject: 'end_user', column: 'call_id', via: 'call_record', erasure: 'expires' },
] as const;

/** What was said in calls, as ciphertext: three tables of one shape, because each is a data class with a window of its own. */
function declareContent(table: string, dataClass: WindowedClass, description: string, retention: RetentionRule): void {
  declareTable({
    table,
    description,
    dataClass,
    subject: 'organisation',
    located: LOCATED,
    purpose: dataClass === 'payload' ? 'service' : 'troubleshooting',
    retention,
    export: { withheld: 'ciphertext; read call by call, for a purpose, through the API' },
    erasure: { shredKeyIn: 'content_key' },
    tenantPolicy: { kind: 'row_level_security', column: 'organisation_id' },
    columns: {
      call_id: 'identifier',
      expires_on: 'technical',
      organisation_id: 'identifier',
      project_id: 'identifier',
      key_id: 'identifier',
      written_at: 'personal',
      grant_id: 'identifier',
      key_version: 'technical',
      request_bytes: 'technical',
      answer_bytes: 'technical',
      request_cut: 'technical',
      answer_cut: 'technical',
      redacted: 'technical',
      sealed: 'secret',
      blob_day: 'technical',
    },
  });
}

/** The first segment of the keys of content above a size. */
export const CONTENT_PREFIX = 'content';

const byExpiry: RetentionRule = { kind: 'partition_by_expiry', column: 'expires_on' };

declareContent(
  CONTENT_TABLES.payload,
  'payload',
  'Input and output of successful calls, sealed under the key of their organisation',
  byExpiry,
);
declareContent(
  CONTENT_TABLES.failed_input,
  'failed_input',
  'Input of failed calls, redacted and sealed under the key of their organisation',
  byExpiry,
);
declareContent(CONTENT_TABLES.granted, 'payload', 'Input and output of calls kept under a troubleshooting grant, sealed likewise', {
  ...byExpiry,
  within: 'P7D',
});

declareStore({
  store: 'blobs.content',
  description: 'Input and output of calls above a size, sealed under the key of their organisation; a row of a content table leads to each',
  place: { kind: 'blob', prefix: CONTENT_PREFIX },
  dataClasses: ['payload', 'failed_input'],
  subject: 'organisation',
  located: 'by the id of the organisation in the name of the object; of one of its end users by the ids of their calls there',
  retention: { kind: 'window' },
  export: { withheld: 'ciphertext; read call by call, for a purpose, through the API' },
  erasure: { shredKeyIn: 'content_key' },
  holds: { day: 'personal', organisation_id: 'identifier', call_id: 'identifier', sealed: 'secret' },
});
