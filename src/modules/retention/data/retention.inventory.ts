import { declareTable } from '../../../contracts/data-inventory.js';

const nobodys = {
  subject: 'none',
  export: 'not_personal',
  erasure: 'not_personal',
  tenantPolicy: { kind: 'system_only' },
} as const;

declareTable({
  ...nobodys,
  table: 'retention_receipt',
  description: 'What each run of retention removed, moved or kept aside; each is an audit event too',
  dataClass: 'audit_log',
  retention: { kind: 'partition_by_expiry', column: 'expires_on' },
  columns: {
    id: 'identifier',
    expires_on: 'technical',
    store: 'technical',
    action: 'technical',
    data_class: 'technical',
    cut_off: 'technical',
    partitions: 'technical',
    rows: 'technical',
    rows_exact: 'technical',
    bytes: 'technical',
    held: 'technical',
    began_at: 'technical',
    duration_ms: 'technical',
    oldest_written_at: 'technical',
    remaining: 'technical',
  },
});

declareTable({
  ...nobodys,
  table: 'retention_removal',
  description: 'What a sweep of a store outside the database is about to remove, until it is noted that it is gone',
  dataClass: 'operational',
  retention: { kind: 'transient', from: 'announced_at', within: 'P2D' },
  columns: { store: 'technical', entry: 'identifier', rows: 'technical', bytes: 'technical', announced_at: 'technical' },
});

declareTable({
  ...nobodys,
  table: 'retention_alarm',
  description: 'The classes of which something is kept past its time, as long as it is',
  dataClass: 'operational',
  retention: { kind: 'installation', reason: 'at most a row for each class there is, and none while the promises are kept' },
  columns: { data_class: 'technical', raised_at: 'technical', seen_at: 'technical' },
});

declareTable({
  ...nobodys,
  table: 'retention_progress',
  description: 'What a run of retention has done and has no receipt for yet',
  dataClass: 'operational',
  retention: { kind: 'transient', from: 'began_at', within: 'P2D' },
  columns: {
    store: 'technical',
    action: 'technical',
    data_class: 'technical',
    cut_off: 'technical',
    partitions: 'technical',
    rows: 'technical',
    rows_exact: 'technical',
    bytes: 'technical',
    held: 'technical',
    began_at: 'technical',
  },
});

declareTable({
  ...nobodys,
  table: 'retention_store',
  description: 'When each store last had a receipt and an alarm',
  dataClass: 'operational',
  retention: { kind: 'installation', reason: 'a row for each store there is' },
  columns: { store: 'technical', receipt_on: 'technical', alarm_on: 'technical' },
});

declareTable({
  ...nobodys,
  table: 'expiring_table',
  description: 'What the database must know of a table to tell which of its rows a legal hold covers, and when they are due',
  dataClass: 'operational',
  retention: { kind: 'installation', reason: 'a row for each expiring table there is' },
  columns: {
    name: 'technical',
    data_class: 'technical',
    organisation_column: 'technical',
    account_column: 'technical',
    written_column: 'technical',
  },
});

declareTable({
  ...nobodys,
  table: 'filed_window',
  description: 'The windows that what is stored of each organisation is filed by',
  dataClass: 'operational',
  retention: {
    kind: 'installation',
    reason: 'a shortened window is told by it; one row for each organisation there is, and none for others',
  },
  columns: { organisation_id: 'identifier', days: 'technical', recheck_at: 'technical' },
});
