import { Column, Entity, PrimaryColumn } from 'typeorm';
import { DataInventory } from '../../../../contracts/data-inventory.js';
import type { AccountId, InvitationId, OperatorId, OrganisationId } from '../../../../kernel/ids.js';
import type { OrganisationRole } from '../../../../platform/http/permissions.js';

/** An invitation that has not been taken up. */
export interface Invitation {
  readonly id: InvitationId;
  readonly organisationId: OrganisationId;
  /** As whoever invited wrote it. */
  readonly email: string;
  /** As accounts compare addresses. */
  readonly emailNormal: string;
  readonly role: OrganisationRole;
  /** BCP 47: the language of the mail. */
  readonly locale: string;
  readonly tokenHash: Buffer;
  readonly invitedByKind: 'account' | 'operator';
  readonly invitedBy: AccountId | OperatorId;
  /** How many mails have been sent, the first included. */
  readonly sentCount: number;
  readonly createdAt: Date;
  readonly sentAt: Date;
  readonly expiresAt: Date;
}

@DataInventory({
  table: 'invitation',
  description: 'Invitations into organisations that have not been taken up yet; their links as hashes',
  dataClass: 'account_profile',
  subject: 'account_holder',
  located: [
    { column: 'email_normal', by: 'email' },
    { column: 'invited_by', where: { column: 'invited_by_kind', is: 'account' } },
  ],
  retention: { kind: 'transient', from: 'expires_at', within: 'PT2H' },
  export: {
    section: 'invitations',
    without: { email_normal: 'the address again, as Lethe compares it', invited_by: 'is about whoever invited' },
  },
  erasure: 'delete',
  tenantPolicy: { kind: 'row_level_security', column: 'organisation_id' },
  columns: {
    id: 'identifier',
    organisation_id: 'identifier',
    email: 'personal',
    email_normal: 'personal',
    role: 'personal',
    locale: 'personal',
    token_hash: 'secret',
    invited_by_kind: 'technical',
    invited_by: 'personal',
    sent_count: 'technical',
    created_at: 'technical',
    sent_at: 'technical',
    expires_at: 'technical',
  },
})
@Entity('invitation')
export class InvitationEntity implements Invitation {
  @PrimaryColumn({ type: 'uuid' })
  id: InvitationId;

  @Column({ name: 'organisation_id', type: 'uuid' })
  organisationId: OrganisationId;

  @Column({ type: 'text' })
  email: string;

  @Column({ name: 'email_normal', type: 'text' })
  emailNormal: string;

  @Column({ type: 'text' })
  role: OrganisationRole;

  @Column({ type: 'text' })
  locale: string;

  @Column({ name: 'token_hash', type: 'bytea' })
  tokenHash: Buffer;

  @Column({ name: 'invited_by_kind', type: 'text' })
  invitedByKind: 'account' | 'operator';

  @Column({ name: 'invited_by', type: 'uuid' })
  invitedBy: AccountId | OperatorId;

  @Column({ name: 'sent_count', type: 'smallint' })
  sentCount: number;

  @Column({ name: 'created_at', type: 'timestamptz' })
  createdAt: Date;

  @Column({ name: 'sent_at', type: 'timestamptz' })
  sentAt: Date;

  @Column({ name: 'expires_at', type: 'timestamptz' })
  expiresAt: Date;
}
