import { Column, Entity, PrimaryColumn } from 'typeorm';
import { DataInventory } from '../../../contracts/data-inventory.js';
import type { AccountId, FederationAttemptId, IdentityProviderId, SessionId } from '../../../kernel/ids.js';

/** A sign-in on its way through a provider: used once, in the browser it began in. */
@DataInventory({
  table: 'federation_attempt',
  description: 'Sign-ins that have gone to an identity provider and not come back yet',
  dataClass: 'operational',
  subject: 'account_holder',
  located: { column: 'account_id' },
  retention: { kind: 'transient', from: 'expires_at', within: 'PT10M' },
  export: 'secret_never_exported',
  erasure: 'expires',
  tenantPolicy: { kind: 'system_only' },
  columns: {
    id: 'identifier',
    state_hash: 'secret',
    browser_hash: 'secret',
    provider_id: 'identifier',
    account_id: 'personal',
    session_id: 'identifier',
    attested_age: 'personal',
    locale: 'personal',
    return_path: 'technical',
    expires_at: 'technical',
  },
})
@Entity('federation_attempt')
export class FederationAttempt {
  @PrimaryColumn({ type: 'uuid' })
  id: FederationAttemptId;

  @Column({ type: 'bytea', name: 'state_hash' })
  stateHash: Buffer;

  @Column({ type: 'bytea', name: 'browser_hash' })
  browserHash: Buffer;

  @Column({ type: 'uuid', name: 'provider_id' })
  providerId: IdentityProviderId;

  /** The account that links one more identity; null when somebody signs in. */
  @Column({ type: 'uuid', name: 'account_id', nullable: true })
  accountId: AccountId | null;

  /** The session it is signed in with; the attempt goes when the session ends. */
  @Column({ type: 'uuid', name: 'session_id', nullable: true })
  sessionId: SessionId | null;

  @Column({ type: 'smallint', name: 'attested_age', nullable: true })
  attestedAge: number | null;

  @Column({ type: 'text' })
  locale: string;

  /** Where the browser goes afterwards: a path of this installation. */
  @Column({ type: 'text', name: 'return_path' })
  returnPath: string;

  @Column({ type: 'timestamptz', name: 'expires_at' })
  expiresAt: Date;
}

export type FederationAttemptRow = Pick<FederationAttempt, keyof FederationAttempt>;
