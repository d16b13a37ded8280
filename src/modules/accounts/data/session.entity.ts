import { Column, Entity, PrimaryColumn } from 'typeorm';
import { DataInventory, networkTrace } from '../../../contracts/data-inventory.js';
import type { AccountId, SessionId } from '../../../kernel/ids.js';
import type { SignInMethod } from '../accounts.contract.js';

@DataInventory({
  table: 'account_session',
  description: 'Browsers that are signed in, or about to be',
  dataClass: 'security_log',
  subject: 'account_holder',
  located: { column: 'account_id' },
  retention: { kind: 'transient', from: 'expires_at', within: 'PT2H' },
  export: { section: 'sessions', without: { network_tag: 'a few bits of a digest' } },
  erasure: 'delete',
  tenantPolicy: { kind: 'system_only' },
  columns: {
    id: 'identifier',
    account_id: 'personal',
    token_hash: 'secret',
    method: 'personal',
    second_factor_at: 'technical',
    proven_at: 'personal',
    device: networkTrace('created_at'),
    country: networkTrace('created_at'),
    region: networkTrace('created_at'),
    network_tag: networkTrace('created_at'),
    created_at: 'personal',
    last_seen_at: 'personal',
    expires_at: 'technical',
  },
})
@Entity('account_session')
export class SessionEntity {
  @PrimaryColumn({ type: 'uuid' })
  id: SessionId;

  @Column({ name: 'account_id', type: 'uuid' })
  accountId: AccountId;

  @Column({ name: 'token_hash', type: 'bytea' })
  tokenHash: Buffer;

  @Column({ type: 'text' })
  method: SignInMethod;

  /** Null: no second factor was shown in this session. */
  @Column({ name: 'second_factor_at', type: 'timestamptz', nullable: true })
  secondFactorAt: Date | null;

  @Column({ name: 'proven_at', type: 'timestamptz' })
  provenAt: Date;

  /** Such as `Firefox on Linux`; null when the browser said nothing known. */
  @Column({ type: 'text', nullable: true })
  device: string | null;

  /** ISO 3166-1 alpha-2, where a GeoIP database is set. */
  @Column({ type: 'text', nullable: true })
  country: string | null;

  /** English name of a first-level subdivision, where a GeoIP database knows it. */
  @Column({ type: 'text', nullable: true })
  region: string | null;

  @Column({ name: 'network_tag', type: 'integer' })
  networkTag: number;

  @Column({ name: 'created_at', type: 'timestamptz' })
  createdAt: Date;

  /** True to about a minute. */
  @Column({ name: 'last_seen_at', type: 'timestamptz' })
  lastSeenAt: Date;

  /** The absolute limit. */
  @Column({ name: 'expires_at', type: 'timestamptz' })
  expiresAt: Date;
}
