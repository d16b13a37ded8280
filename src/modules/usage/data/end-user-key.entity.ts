import { Entity } from 'typeorm';
import { DataInventory } from '../../../contracts/data-inventory.js';
import { InstallationKeyEntity } from '../../../platform/kms/installation-key.js';

/** The key by which end users are told apart without their names being kept, under a data key of its own. */
@DataInventory({
  table: 'end_user_key',
  description: 'The key of the hash that stands for an end user, sealed',
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
})
@Entity('end_user_key')
export class EndUserKeyEntity extends InstallationKeyEntity {}
