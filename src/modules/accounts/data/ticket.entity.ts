import { Column, Entity, PrimaryColumn } from 'typeorm';
import { DataInventory } from '../../../contracts/data-inventory.js';
import type { AccountId, Id } from '../../../kernel/ids.js';

export type TicketId = Id<'account_ticket'>;

/**
 * What a mailed link is for. `sign_up`: becomes an account. `sign_in`: signs in without a password. `recovery`: sets a new password. `email_change`:
 * proves the new address. `email_undo`: takes a change of address back. `step_up`: proves once more who is signed in.
 */
export type TicketKind = 'sign_up' | 'sign_in' | 'recovery' | 'email_change' | 'email_undo' | 'step_up';

/** What a sign-up waits with until its address is proven. */
export interface WaitingSignUp {
  readonly passwordHash: string | null;
  readonly displayName: string | null;
  readonly locale: string;
  readonly attestedAge: number;
}

@DataInventory({
  table: 'account_ticket',
  description: 'Links that were mailed: each works once and for a while',
  dataClass: 'account_profile',
  subject: 'account_holder',
  located: [{ column: 'account_id' }, { column: 'email', by: 'email' }],
  retention: { kind: 'partition_by_expiry', column: 'expires_on', within: 'P7D' },
  export: { withheld: 'a link on its way: it opens what it was mailed for, and is gone within days' },
  erasure: 'expires',
  tenantPolicy: { kind: 'system_only' },
  columns: {
    id: 'identifier',
    expires_on: 'technical',
    kind: 'technical',
    token_hash: 'secret',
    browser_hash: 'secret',
    account_id: 'personal',
    email: 'personal',
    waiting: 'personal',
    created_at: 'technical',
    expires_at: 'technical',
    used_at: 'technical',
  },
})
@Entity('account_ticket')
export class TicketEntity {
  @PrimaryColumn({ type: 'uuid' })
  id: TicketId;

  /** The last day it is kept, `YYYY-MM-DD` UTC; names its partition. */
  @PrimaryColumn({ name: 'expires_on', type: 'date' })
  expiresOn: string;

  @Column({ type: 'text' })
  kind: TicketKind;

  @Column({ name: 'token_hash', type: 'bytea' })
  tokenHash: Buffer;

  /** Null for a link that works in any browser. */
  @Column({ name: 'browser_hash', type: 'bytea', nullable: true })
  browserHash: Buffer | null;

  /** Null for a sign-up. */
  @Column({ name: 'account_id', type: 'uuid', nullable: true })
  accountId: AccountId | null;

  /** The address the link is about, as its owner wrote it. Emptied when the link is used. */
  @Column({ type: 'text', nullable: true })
  email: string | null;

  @Column({ type: 'jsonb', nullable: true })
  waiting: WaitingSignUp | null;

  @Column({ name: 'created_at', type: 'timestamptz' })
  createdAt: Date;

  @Column({ name: 'expires_at', type: 'timestamptz' })
  expiresAt: Date;

  @Column({ name: 'used_at', type: 'timestamptz', nullable: true })
  usedAt: Date | null;
}
