import { declareTable } from '../../../contracts/data-inventory.js';

declareTable({
  table: 'policy_in_force',
  description: 'The policy profile in force, and what it says',
  dataClass: 'operational',
  subject: 'none',
  retention: { kind: 'installation', reason: 'another profile is compared with it before it takes its place' },
  export: 'not_personal',
  erasure: 'not_personal',
  tenantPolicy: { kind: 'system_only' },
  columns: {
    only_one: 'technical',
    name: 'technical',
    digest: 'technical',
    stated: 'technical',
    since: 'technical',
    filed_at: 'technical',
  },
});

declareTable({
  table: 'organisation_policy',
  description: 'The plan of an organisation, and the windows it asked for itself',
  dataClass: 'configuration',
  subject: 'organisation',
  retention: { kind: 'with_owner', owner: 'organisation', column: 'id', goes: 'cascade' },
  export: { section: 'policy' },
  erasure: 'with_organisation',
  tenantPolicy: { kind: 'row_level_security', column: 'id' },
  columns: {
    id: 'identifier',
    plan: 'tenant_data',
    asked_days: 'tenant_data',
    version: 'technical',
    filed_version: 'technical',
    updated_at: 'technical',
  },
});
