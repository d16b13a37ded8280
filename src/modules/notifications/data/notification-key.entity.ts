import { Entity } from 'typeorm';
import { DataInventory } from '../../../contracts/data-inventory.js';
import { installationKeyTable } from '../../../contracts/installation-key-table.js';
import { InstallationKeyEntity } from '../../../platform/kms/installation-key.js';

/** The one key that everything sealed, hashed or signed in this module is derived from, under a data key of its own. */
@DataInventory(
  installationKeyTable(
    'notification_key',
    'The key that mails, webhook secrets, address hashes and unsubscribe links are protected with, sealed',
  ),
)
@Entity('notification_key')
export class NotificationKeyEntity extends InstallationKeyEntity {}
