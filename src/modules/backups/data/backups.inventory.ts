import { declareTable, type TableDeclaration } from '../../../contracts/data-inventory.js';

const NOT_PERSONAL = {
  subject: 'none',
  export: 'not_personal',
  erasure: 'not_personal',
  tenantPolicy: { kind: 'system_only' },
} as const satisfies Partial<TableDeclaration>;

declareTable({
  ...NOT_PERSONAL,
  table: 'installation',
  description: 'Which installation this is, and the backup it was restored from',
  dataClass: 'operational',
  retention: { kind: 'installation', reason: 'one row' },
  columns: {
    id: 'technical',
    installation_id: 'identifier',
    restored_backup: 'identifier',
    restored_at: 'technical',
    replay_due: 'technical',
  },
});

declareTable({
  ...NOT_PERSONAL,
  table: 'backup',
  description: 'The catalogue of backups: when each was taken, whether it was found sound, and when it was deleted',
  dataClass: 'operational',
  retention: { kind: 'installation', reason: 'shows that backups were taken and deleted as promised (D4)' },
  columns: {
    id: 'identifier',
    kind: 'technical',
    state: 'technical',
    taken_at: 'technical',
    expires_at: 'technical',
    row_count: 'technical',
    bytes: 'technical',
    failure: 'technical',
    verified_at: 'technical',
    sound: 'technical',
    deleted_at: 'technical',
  },
});

declareTable({
  ...NOT_PERSONAL,
  table: 'erasure',
  description: 'What a restore must not undo: pseudonymous records of erasures, destroyed keys and legal holds',
  dataClass: 'backup',
  retention: { kind: 'partition_by_expiry', column: 'expires_on' },
  columns: {
    id: 'identifier',
    expires_on: 'technical',
    kind: 'technical',
    subject_id: 'identifier',
    detail: 'identifier',
    recorded_at: 'technical',
    copied_as: 'technical',
  },
});
