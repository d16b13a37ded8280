import { Column, Entity, PrimaryColumn } from 'typeorm';
import { DataInventory } from '../../../contracts/data-inventory.js';

/** `bounced`: nothing arrives there. The other two: its owner wants none that is not needed. */
export type SuppressionReason = 'bounced' | 'complained' | 'unsubscribed';

/** An address that mail is not sent to, recognisable by its keyed hash and in no other way. */
@DataInventory({
  table: 'suppressed_address',
  description: 'Addresses that bounced or complained, as keyed hashes',
  dataClass: 'operational',
  purpose: 'messages',
  legalBasis: 'legitimate_interests',
  subject: 'account_holder',
  located: { column: 'address_hash', by: 'email_hash' },
  retention: { kind: 'transient', from: 'since', within: 'P181D' },
  export: { section: 'suppressedAddress', without: { address_hash: 'the address as a keyed hash' } },
  erasure: { keep: 'legal_obligation', reason: 'keeps mail from an address that refused it, as a keyed hash, for 180 days' },
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
