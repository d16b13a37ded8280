import { declareTable } from '../../../../contracts/data-inventory.js';

declareTable({
  table: 'invitation_pace',
  description: 'How much an organisation has invited lately',
  dataClass: 'operational',
  subject: 'organisation',
  retention: { kind: 'with_owner', owner: 'organisation', column: 'organisation_id', goes: 'first' },
  export: 'not_personal',
  erasure: 'not_personal',
  tenantPolicy: { kind: 'row_level_security', column: 'organisation_id' },
  columns: { organisation_id: 'identifier', level: 'technical', changed_at: 'technical' },
});
