import { Column, Entity, PrimaryColumn } from 'typeorm';
import { DataInventory } from '../../../contracts/data-inventory.js';
import type { AccountId, ExternalIdentityId, IdentityProviderId } from '../../../kernel/ids.js';

/** An account as one provider knows it: all that is kept of what providers say (A1). */
@DataInventory({
  table: 'external_identity',
  description: 'Accounts of people at identity providers: id there, username, e-mail, avatar and VIP status, nothing else',
  dataClass: 'account_profile',
  subject: 'account_holder',
  located: { column: 'account_id' },
  retention: { kind: 'with_owner', owner: 'account', column: 'account_id', goes: 'cascade' },
  export: { section: 'externalIdentities' },
  erasure: 'delete',
  tenantPolicy: { kind: 'system_only' },
  columns: {
    id: 'identifier',
    provider_id: 'identifier',
    subject: 'personal',
    account_id: 'personal',
    username: 'personal',
    email: 'personal',
    avatar_url: 'personal',
    vip: 'personal',
    refreshed_at: 'technical',
  },
})
@Entity('external_identity')
export class ExternalIdentity {
  @PrimaryColumn({ type: 'uuid' })
  id: ExternalIdentityId;

  @Column({ type: 'uuid', name: 'provider_id' })
  providerId: IdentityProviderId;

  /** Who it is at the provider; unique there and never given to another. */
  @Column({ type: 'text' })
  subject: string;

  @Column({ type: 'uuid', name: 'account_id' })
  accountId: AccountId;

  @Column({ type: 'text', nullable: true })
  username: string | null;

  /** As the provider says it; proves nothing about the account's own address. */
  @Column({ type: 'text', nullable: true })
  email: string | null;

  @Column({ type: 'text', name: 'avatar_url', nullable: true })
  avatarUrl: string | null;

  @Column({ type: 'boolean' })
  vip: boolean;

  /** When the provider last said all this. */
  @Column({ type: 'timestamptz', name: 'refreshed_at' })
  refreshedAt: Date;
}

export type ExternalIdentityRow = Pick<ExternalIdentity, keyof ExternalIdentity>;
