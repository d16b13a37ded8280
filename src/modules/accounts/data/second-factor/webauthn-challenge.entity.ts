import { Column, Entity, PrimaryColumn } from 'typeorm';
import { DataInventory } from '../../../../contracts/data-inventory.js';
import type { SessionId } from '../../../../kernel/ids.js';

/** What a challenge was given out for; an answer to one is none to another. */
export type Ceremony = 'registration' | 'second_factor' | 'passkey';

@DataInventory({
  table: 'webauthn_challenge',
  description: 'Challenges of security keys given out and not answered yet',
  dataClass: 'operational',
  subject: 'account_holder',
  located: { column: 'session_id', via: 'account_session' },
  retention: { kind: 'transient', from: 'expires_at', within: 'PT10M' },
  export: 'not_personal',
  erasure: 'delete',
  tenantPolicy: { kind: 'system_only' },
  columns: { challenge_hash: 'secret', ceremony: 'technical', session_id: 'identifier', expires_at: 'technical' },
})
@Entity('webauthn_challenge')
export class WebauthnChallengeEntity {
  @PrimaryColumn({ name: 'challenge_hash', type: 'bytea' })
  challengeHash: Buffer;

  @Column({ type: 'text' })
  ceremony: Ceremony;

  /** The only session that may answer; null for signing in with a passkey, which has none yet. */
  @Column({ name: 'session_id', type: 'uuid', nullable: true })
  sessionId: SessionId | null;

  @Column({ name: 'expires_at', type: 'timestamptz' })
  expiresAt: Date;
}
