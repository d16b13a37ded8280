import { Column, Entity, PrimaryColumn } from 'typeorm';
import { DataInventory } from '../../../contracts/data-inventory.js';

/** `bounced`: nothing arrives there. The other two: its owner wants none that is not needed. */
export type SuppressionReason = 'bounced' | 'complained' | 'unsubscribed';

/** An address that mail is not sent to, recognisable by its keyed hash and in no other way. */
@DataInventory({
  table: 'suppressed_address',
  description: 'Addresses that bounced or complained, as keyed hashes',
  dataClass: 'operational',
  subject: 'account_holder',
  retention: { kind: 'transient', within: '180 days' },
  export: 'included',
  erasure: 'expires',
  tenantPolicy: { kind: 'system_only' },
  columns: { address_hash: 'personal', reason: 'technical', since: 'technical' },
})
@Entity('suppressed_address')
export class SuppressedAddressEntity {
  @PrimaryColumn({ type: 'bytea', name: 'address_hash' })
  addressHash: Buffer;

  @Column({ type: 'text' })
  reason: SuppressionReason;

  @Column({ type: 'timestamptz' })
  since: Date;
}

/** The same as plain data. */
export type SuppressionRow = Pick<SuppressedAddressEntity, keyof SuppressedAddressEntity>;
