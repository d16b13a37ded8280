import { Column, Entity, PrimaryColumn } from 'typeorm';
import { DataInventory } from '../../../contracts/data-inventory.js';
import type { AccountId } from '../../../kernel/ids.js';
import type { AccountStatus } from '../accounts.contract.js';

@DataInventory({
  table: 'account',
  description: 'People who sign in',
  dataClass: 'account_profile',
  subject: 'account_holder',
  located: { column: 'id' },
  retention: { kind: 'subject' },
  export: {
    section: 'account',
    without: { email_normal: 'the address again, as Lethe compares it', username_normal: 'the name again, as Lethe compares it' },
  },
  erasure: 'delete',
  tenantPolicy: { kind: 'system_only' },
  columns: {
    id: 'identifier',
    email: 'personal',
    email_normal: 'personal',
    email_verified_at: 'personal',
    username: 'personal',
    username_normal: 'personal',
    display_name: 'personal',
    locale: 'personal',
    phone: 'personal',
    attested_age: 'personal',
    attested_at: 'personal',
    status: 'technical',
    created_at: 'technical',
    updated_at: 'technical',
  },
})
@Entity('account')
export class AccountEntity {
  @PrimaryColumn({ type: 'uuid' })
  id: AccountId;

  /** As its owner wrote it. */
  @Column({ type: 'text', nullable: true })
  email: string | null;

  /** As it is compared; taken by at most one account once it is proven. */
  @Column({ name: 'email_normal', type: 'text', nullable: true })
  emailNormal: string | null;

  @Column({ name: 'email_verified_at', type: 'timestamptz', nullable: true })
  emailVerifiedAt: Date | null;

  @Column({ type: 'text', nullable: true })
  username: string | null;

  @Column({ name: 'username_normal', type: 'text', nullable: true })
  usernameNormal: string | null;

  @Column({ name: 'display_name', type: 'text', nullable: true })
  displayName: string | null;

  /** BCP 47. */
  @Column({ type: 'text' })
  locale: string;

  /** E.164. */
  @Column({ type: 'text', nullable: true })
  phone: string | null;

  /** The age the person said to have reached (A6). Null for those an organisation's directory made. */
  @Column({ name: 'attested_age', type: 'smallint', nullable: true })
  attestedAge: number | null;

  @Column({ name: 'attested_at', type: 'timestamptz', nullable: true })
  attestedAt: Date | null;

  @Column({ type: 'text' })
  status: AccountStatus;

  @Column({ name: 'created_at', type: 'timestamptz' })
  createdAt: Date;

  @Column({ name: 'updated_at', type: 'timestamptz' })
  updatedAt: Date;
}
