import { declareTable } from '../../../../contracts/data-inventory.js';

declareTable({
  table: 'totp_attempt',
  description: 'Wrong codes in a row, and when the next may be tried',
  dataClass: 'security_log',
  subject: 'account_holder',
  located: { column: 'account_id' },
  retention: { kind: 'with_owner', owner: 'account', column: 'account_id', goes: 'cascade' },
  export: { section: 'secondFactorAttempts' },
  erasure: 'delete',
  tenantPolicy: { kind: 'system_only' },
  columns: { account_id: 'personal', attempts: 'personal', next_at: 'technical' },
});
