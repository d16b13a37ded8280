import { Column, Entity, PrimaryColumn } from 'typeorm';
import { DataInventory, declareTable } from '../../../contracts/data-inventory.js';
import type { AccountId, OrganisationId, ScimUserId } from '../../../kernel/ids.js';

declareTable({
  table: 'scim_account',
  description: 'Which accounts an organisation’s directory has made, and so may block and release',
  dataClass: 'account_profile',
  subject: 'account_holder',
  located: { column: 'account_id' },
  retention: { kind: 'with_owner', owner: 'account', column: 'account_id', goes: 'cascade' },
  export: { section: 'directoryAccount' },
  erasure: 'delete',
  tenantPolicy: { kind: 'row_level_security', column: 'organisation_id' },
  columns: { organisation_id: 'identifier', account_id: 'personal', blocked_at: 'technical' },
});

/** Somebody as the directory of their organisation writes them: what it was asked to send, and nothing else of what it sends. */
@DataInventory({
  table: 'scim_user',
  description: 'People as directories of organisations write them: user name, name, one e-mail address, whether active, id there',
  dataClass: 'account_profile',
  subject: 'account_holder',
  located: { column: 'account_id' },
  retention: { kind: 'with_owner', owner: 'account', column: 'account_id', goes: 'cascade' },
  export: { section: 'directoryEntries' },
  erasure: 'delete',
  tenantPolicy: { kind: 'row_level_security', column: 'organisation_id' },
  columns: {
    id: 'identifier',
    organisation_id: 'identifier',
    account_id: 'personal',
    user_name: 'personal',
    external_id: 'personal',
    formatted_name: 'personal',
    given_name: 'personal',
    family_name: 'personal',
    email: 'personal',
    active: 'personal',
    created_at: 'technical',
    updated_at: 'technical',
  },
})
@Entity('scim_user')
export class ScimUser {
  @PrimaryColumn({ type: 'uuid' })
  id: ScimUserId;

  @Column({ name: 'organisation_id', type: 'uuid' })
  organisationId: OrganisationId;

  @Column({ name: 'account_id', type: 'uuid' })
  accountId: AccountId;

  /** Unique in the organisation, without regard to case. */
  @Column({ name: 'user_name', type: 'text' })
  userName: string;

  @Column({ name: 'external_id', type: 'text', nullable: true })
  externalId: string | null;

  @Column({ name: 'formatted_name', type: 'text', nullable: true })
  formattedName: string | null;

  @Column({ name: 'given_name', type: 'text', nullable: true })
  givenName: string | null;

  @Column({ name: 'family_name', type: 'text', nullable: true })
  familyName: string | null;

  @Column({ type: 'text', nullable: true })
  email: string | null;

  @Column({ type: 'boolean' })
  active: boolean;

  @Column({ name: 'created_at', type: 'timestamptz' })
  createdAt: Date;

  @Column({ name: 'updated_at', type: 'timestamptz' })
  updatedAt: Date;
}

export type ScimUserRow = Pick<ScimUser, keyof ScimUser>;
