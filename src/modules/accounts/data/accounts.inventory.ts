import { declareTable } from '../../../contracts/data-inventory.js';

declareTable({
  table: 'sign_in_pressure',
  description: 'How much has been tried lately, per bucket of accounts and of networks; a bucket cannot be traced to anyone',
  dataClass: 'security_log',
  subject: 'none',
  retention: { kind: 'installation', reason: 'a fixed number of buckets whose levels fall by themselves' },
  export: 'not_personal',
  erasure: 'not_personal',
  tenantPolicy: { kind: 'system_only' },
  columns: { kind: 'technical', bucket: 'technical', level: 'technical', changed_at: 'technical' },
});

declareTable({
  table: 'account_closure',
  description: 'That an account was removed, why and on which day; nothing of whose it was (A6)',
  dataClass: 'audit_log',
  subject: 'none',
  retention: { kind: 'installation', reason: 'shows that accounts of minors were removed, and nothing of whose they were' },
  export: 'not_personal',
  erasure: 'not_personal',
  tenantPolicy: { kind: 'system_only' },
  columns: { id: 'identifier', reason: 'technical', closed_on: 'technical' },
});
