import { Entity } from 'typeorm';
import { DataInventory } from '../../../contracts/data-inventory.js';
import { installationKeyTable } from '../../../contracts/installation-key-table.js';
import { InstallationKeyEntity } from '../../../platform/kms/installation-key.js';

/** The key by which end users are told apart without their names being kept, under a data key of its own. */
@DataInventory(installationKeyTable('end_user_key', 'The key of the hash that stands for an end user, sealed'))
@Entity('end_user_key')
export class EndUserKeyEntity extends InstallationKeyEntity {}
