import { declareTable } from './data-inventory.js';

declareTable({
  table: 'schema_migration',
  description: 'Which migrations this database has.',
  dataClass: 'operational',
  subject: 'none',
  retention: { kind: 'installation', reason: 'the history of the schema' },
  export: 'not_personal',
  erasure: 'not_personal',
  tenantPolicy: { kind: 'system_only' },
  columns: { id: 'technical', timestamp: 'technical', name: 'technical' },
});
