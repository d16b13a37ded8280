import { Injectable } from '@nestjs/common';
import { IsNull } from 'typeorm';
import type { OperatorId } from '../../../kernel/ids.js';
import type { Tx } from '../../../platform/database/unit-of-work.js';
import { OperatorTokenEntity } from './operator-token.entity.js';
import { OperatorEntity } from './operator.entity.js';

/** A token with the operator it stands for. */
export interface OperatorTokenRow {
  readonly tokenHash: Buffer;
  readonly expiresAt: Date | null;
  readonly revokedAt: Date | null;
  readonly operatorId: OperatorId;
  readonly operatorStatus: 'active' | 'disabled';
}

/** Operators and their tokens. Only the system role reaches them: in an organisation's transaction every method is refused (A3). */
@Injectable()
export class OperatorsRepository {
  /** False when the name is taken. */
  async insert(tx: Tx, operator: OperatorEntity): Promise<boolean> {
    const rows = await tx.query<unknown[]>(
      `INSERT INTO operator (id, name, status, created_at, updated_at) VALUES ($1, $2, $3, $4, $5)
       ON CONFLICT (name) DO NOTHING RETURNING id`,
      [operator.id, operator.name, operator.status, operator.createdAt, operator.updatedAt],
    );
    return rows.length === 1;
  }

  exists(tx: Tx): Promise<boolean> {
    return tx.exists(OperatorEntity);
  }

  findByName(tx: Tx, name: string): Promise<OperatorEntity | null> {
    return tx.findOneBy(OperatorEntity, { name });
  }

  async insertToken(tx: Tx, token: OperatorTokenEntity): Promise<void> {
    await tx.insert(OperatorTokenEntity, token);
  }

  /** How many tokens this revoked. */
  async revokeTokens(tx: Tx, operatorId: OperatorId, at: Date): Promise<number> {
    const { affected } = await tx.update(OperatorTokenEntity, { operatorId, revokedAt: IsNull() }, { revokedAt: at });
    return affected ?? 0;
  }

  async findToken(tx: Tx, tokenHash: Buffer): Promise<OperatorTokenRow | null> {
    const [row] = await tx.query<OperatorTokenRow[]>(
      `SELECT token_hash AS "tokenHash", expires_at AS "expiresAt", revoked_at AS "revokedAt", operator.id AS "operatorId",
         operator.status AS "operatorStatus"
       FROM operator_token JOIN operator ON operator.id = operator_id WHERE token_hash = $1`,
      [tokenHash],
    );
    return row ?? null;
  }
}
