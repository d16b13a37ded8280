import { Column, Entity, PrimaryColumn } from 'typeorm';
import { DataInventory, declareTable } from '../../../contracts/data-inventory.js';
import type { AccountId, IdentityProviderId, SamlAnswerId, SessionId } from '../../../kernel/ids.js';

declareTable({
  table: 'saml_assertion',
  description: 'Assertions of identity providers that have been used, as hashes, so that none is used twice',
  dataClass: 'operational',
  subject: 'none',
  retention: { kind: 'transient', from: 'expires_at', within: 'PT10M' },
  export: 'not_personal',
  erasure: 'expires',
  tenantPolicy: { kind: 'system_only' },
  columns: { provider_id: 'identifier', assertion_hash: 'technical', expires_at: 'technical' },
});

/** A sign-in that an identity provider has vouched for and whose browser has not come for the result yet. */
@DataInventory({
  table: 'saml_answer',
  description: 'Sign-ins by SAML between the answer of the identity provider and the finish in the browser they began in',
  dataClass: 'operational',
  subject: 'account_holder',
  located: [{ column: 'account_id' }, { column: 'email', by: 'email' }],
  retention: { kind: 'transient', from: 'expires_at', within: 'PT10M' },
  export: 'secret_never_exported',
  erasure: 'expires',
  tenantPolicy: { kind: 'system_only' },
  columns: {
    id: 'identifier',
    code_hash: 'secret',
    browser_hash: 'secret',
    provider_id: 'identifier',
    account_id: 'personal',
    session_id: 'identifier',
    subject: 'personal',
    username: 'personal',
    email: 'personal',
    two_factors: 'personal',
    attested_age: 'personal',
    locale: 'personal',
    return_path: 'technical',
    expires_at: 'technical',
  },
})
@Entity('saml_answer')
export class SamlAnswer {
  @PrimaryColumn({ type: 'uuid' })
  id: SamlAnswerId;

  @Column({ name: 'code_hash', type: 'bytea' })
  codeHash: Buffer;

  /** Null when the provider began the sign-in by itself. */
  @Column({ name: 'browser_hash', type: 'bytea', nullable: true })
  browserHash: Buffer | null;

  @Column({ name: 'provider_id', type: 'uuid' })
  providerId: IdentityProviderId;

  /** The account that links one more identity; null when somebody signs in. */
  @Column({ name: 'account_id', type: 'uuid', nullable: true })
  accountId: AccountId | null;

  /** The session it is signed in with; the answer goes when the session ends. */
  @Column({ name: 'session_id', type: 'uuid', nullable: true })
  sessionId: SessionId | null;

  @Column({ type: 'text' })
  subject: string;

  @Column({ type: 'text', nullable: true })
  username: string | null;

  @Column({ type: 'text', nullable: true })
  email: string | null;

  /** Whether the provider says that it asked for two factors. */
  @Column({ name: 'two_factors', type: 'boolean' })
  twoFactors: boolean;

  @Column({ name: 'attested_age', type: 'smallint', nullable: true })
  attestedAge: number | null;

  @Column({ type: 'text' })
  locale: string;

  @Column({ name: 'return_path', type: 'text' })
  returnPath: string;

  @Column({ name: 'expires_at', type: 'timestamptz' })
  expiresAt: Date;
}

export type SamlAnswerRow = Pick<SamlAnswer, keyof SamlAnswer>;
