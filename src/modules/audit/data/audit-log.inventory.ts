import { declareTable, type TableDeclaration } from '../../../contracts/data-inventory.js';
import { declareStore } from '../../../contracts/store-inventory.js';

/** What the tables of the tree have in common: hashes and counters, which say nothing about anyone. */
const OF_THE_TREE = {
  dataClass: 'audit_log',
  subject: 'none',
  retention: { kind: 'installation', reason: 'without the whole tree nobody could check an old proof (O6)' },
  export: 'not_personal',
  erasure: 'not_personal',
  tenantPolicy: { kind: 'system_only' },
} as const satisfies Partial<TableDeclaration>;

declareTable({
  ...OF_THE_TREE,
  table: 'audit_position',
  description: 'Where each audit event stands in the transparency log',
  subject: 'organisation',
  retention: { kind: 'partition_by_expiry', column: 'expires_on' },
  erasure: 'expires',
  tenantPolicy: { kind: 'row_level_security', column: 'organisation_id' },
  columns: {
    event_id: 'identifier',
    expires_on: 'technical',
    organisation_id: 'identifier',
    leaf_index: 'technical',
    number: 'technical',
  },
});

declareTable({
  ...OF_THE_TREE,
  table: 'audit_count',
  description: 'How many audit events each organisation has had',
  subject: 'organisation',
  located: { column: 'organisation_id' },
  columns: { organisation_id: 'identifier', events: 'technical' },
});

declareTable({
  ...OF_THE_TREE,
  table: 'audit_tile',
  description: 'The hashes of the transparency log',
  columns: { level: 'technical', position: 'technical', hashes: 'technical' },
});

declareTable({
  ...OF_THE_TREE,
  table: 'audit_leaf',
  description: 'Finds a leaf of the transparency log by its hash',
  columns: { prefix: 'technical', leaf_index: 'technical' },
});

declareTable({
  ...OF_THE_TREE,
  table: 'audit_tree',
  description: 'How far the transparency log is',
  columns: { id: 'technical', size: 'technical', seen: 'technical', cluster: 'technical' },
});

declareTable({
  ...OF_THE_TREE,
  table: 'audit_checkpoint',
  description: 'Signed checkpoints of the transparency log',
  columns: { size: 'technical', root: 'technical', note: 'technical', signed_at: 'technical' },
});

declareTable({
  ...OF_THE_TREE,
  table: 'audit_log_key',
  description: 'Public keys that have signed checkpoints',
  columns: { verifier_key: 'technical', first_used_at: 'technical' },
});

declareTable({
  ...OF_THE_TREE,
  table: 'audit_publication',
  description: 'Up to which checkpoint each destination has been given them',
  columns: { destination: 'technical', size: 'technical', published_at: 'technical', failing_since: 'technical', failure: 'technical' },
});

declareStore({
  store: 'files.audit-log',
  description: 'The key that signs checkpoints in a development installation, and what each key signed last',
  place: { kind: 'files', path: 'audit-log*' },
  dataClasses: ['audit_log'],
  subject: 'none',
  retention: { kind: 'installation', reason: 'a key that forgot what it signed could fork the log (O6)' },
  export: 'not_personal',
  erasure: 'not_personal',
  holds: { key: 'secret', checkpoint: 'technical' },
});

declareStore({
  store: 'outside.checkpoints',
  description: 'Where signed checkpoints are published: a file, a webhook, a bucket, each where the operator has named one',
  place: { kind: 'outside', recipient: 'the witnesses the operator has chosen' },
  settings: ['LETHE_AUDIT_PUBLISH_FILE', 'LETHE_AUDIT_PUBLISH_WEBHOOK', 'LETHE_AUDIT_PUBLISH_S3_BUCKET', 'LETHE_AUDIT_PUBLISH_S3_ENDPOINT'],
  dataClasses: ['audit_log'],
  subject: 'none',
  retention: { kind: 'recipient', terms: 'for good: that nobody can take a checkpoint back is what it is for' },
  export: 'not_personal',
  erasure: 'not_personal',
  holds: { checkpoint: 'technical' },
});
