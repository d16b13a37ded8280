import { Entity } from 'typeorm';
import { DataInventory } from '../../../contracts/data-inventory.js';
import { InstallationKeyEntity } from '../../../platform/kms/installation-key.js';

/** The one key that everything sealed, hashed or signed in this module is derived from, under a data key of its own. */
@DataInventory({
  table: 'notification_key',
  description: 'The key that mails, webhook secrets, address hashes and unsubscribe links are protected with, sealed',
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
@Entity('notification_key')
export class NotificationKeyEntity extends InstallationKeyEntity {}
