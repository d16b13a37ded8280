import type { TableDeclaration } from './data-inventory.js';

/** What the inventory says of a table that holds one key of the whole installation: the columns of `InstallationKeyEntity`, and `singleton`. */
export function installationKeyTable(table: string, description: string): TableDeclaration {
  return {
    table,
    description,
    dataClass: 'operational',
    subject: 'none',
    retention: { kind: 'installation', reason: 'the key of the installation' },
    export: 'secret_never_exported',
    erasure: 'not_personal',
    tenantPolicy: { kind: 'system_only' },
    columns: {
      id: 'technical',
      singleton: 'technical',
      format_version: 'technical',
      kms_key_id: 'technical',
      wrapped_key: 'secret',
      ciphertext: 'secret',
      created_at: 'technical',
    },
  };
}
