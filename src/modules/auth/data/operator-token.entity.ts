import { Column, Entity, PrimaryColumn } from 'typeorm';
import { DataInventory } from '../../../contracts/data-inventory.js';
import type { OperatorId, OperatorTokenId } from '../../../kernel/ids.js';

@DataInventory({
  table: 'operator_token',
  description: 'Tokens by which operators sign in to the admin API, as hashes',
  dataClass: 'account_profile',
  subject: 'operator_staff',
  located: { column: 'operator_id' },
  retention: { kind: 'with_owner', owner: 'operator', column: 'operator_id', goes: 'first' },
  export: { section: 'operatorTokens' },
  erasure: { anonymise: { operator_id: 'pseudonym' } },
  tenantPolicy: { kind: 'system_only' },
  columns: {
    id: 'identifier',
    operator_id: 'personal',
    name: 'technical',
    token_hash: 'secret',
    hint: 'technical',
    created_at: 'technical',
    expires_at: 'technical',
    revoked_at: 'technical',
  },
})
@Entity('operator_token')
export class OperatorTokenEntity {
  @PrimaryColumn({ type: 'uuid' })
  id: OperatorTokenId;

  @Column({ name: 'operator_id', type: 'uuid' })
  operatorId: OperatorId;

  /** What it is for. */
  @Column({ type: 'text' })
  name: string;

  @Column({ name: 'token_hash', type: 'bytea' })
  tokenHash: Buffer;

  @Column({ type: 'text' })
  hint: string;

  @Column({ name: 'created_at', type: 'timestamptz' })
  createdAt: Date;

  @Column({ name: 'expires_at', type: 'timestamptz', nullable: true })
  expiresAt: Date | null;

  @Column({ name: 'revoked_at', type: 'timestamptz', nullable: true })
  revokedAt: Date | null;
}
