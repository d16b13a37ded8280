import { Injectable } from '@nestjs/common';
import { In, IsNull, Not } from 'typeorm';
import type { AccountId, OperatorId, OperatorTokenId } from '../../../kernel/ids.js';
import { newestFirst, oldestFirst } from '../../../platform/database/pages.js';
import type { Tx } from '../../../platform/database/unit-of-work.js';
import type { StaffRole } from '../../../platform/http/staff-roles.js';
import { OperatorTokenEntity } from './operator-token.entity.js';
import { OperatorEntity } from './operator.entity.js';

/** A token with the operator it stands for. */
export interface OperatorTokenRow {
  readonly tokenHash: Buffer;
  readonly expiresAt: Date | null;
  readonly revokedAt: Date | null;
  readonly operatorId: OperatorId;
  readonly operatorStatus: 'active' | 'disabled';
  readonly operatorRole: StaffRole;
}

type OperatorChange = Partial<Omit<OperatorEntity, 'id' | 'createdAt'>>;

/** Operators and their tokens. Only the system role reaches them: in an organisation's transaction every method is refused (A3). */
@Injectable()
export class OperatorsRepository {
  /** False when the name is taken. */
  async insert(tx: Tx, operator: OperatorEntity): Promise<boolean> {
    const rows = await tx.query<unknown[]>(
      `INSERT INTO operator (id, name, status, role, created_at, updated_at) VALUES ($1, $2, $3, $4, $5, $6)
       ON CONFLICT (name) DO NOTHING RETURNING id`,
      [operator.id, operator.name, operator.status, operator.role, operator.createdAt, operator.updatedAt],
    );
    return rows.length === 1;
  }

  exists(tx: Tx): Promise<boolean> {
    return tx.exists(OperatorEntity);
  }

  find(tx: Tx, id: OperatorId): Promise<OperatorEntity | null> {
    return tx.findOneBy(OperatorEntity, { id });
  }

  findByName(tx: Tx, name: string): Promise<OperatorEntity | null> {
    return tx.findOneBy(OperatorEntity, { name });
  }

  /** The operator an account acts as; null unless it is an active one. */
  findActive(tx: Tx, accountId: AccountId): Promise<OperatorEntity | null> {
    return tx.findOneBy(OperatorEntity, { accountId, status: 'active' });
  }

  /** The same, held as it is until the transaction ends: nobody is disabled or unlinked meanwhile, or was just before. */
  holdActive(tx: Tx, accountId: AccountId): Promise<OperatorEntity | null> {
    return tx.findOne(OperatorEntity, { where: { accountId, status: 'active' }, lock: { mode: 'pessimistic_read' } });
  }

  /** Whom an account is linked to, active or not. */
  findByAccount(tx: Tx, accountId: AccountId): Promise<OperatorEntity | null> {
    return tx.findOneBy(OperatorEntity, { accountId });
  }

  /** Null when nobody has been invited by this. */
  findInvited(tx: Tx, invitationHash: Buffer): Promise<OperatorEntity | null> {
    return tx.findOneBy(OperatorEntity, { invitationHash });
  }

  /** The row, locked until the transaction ends. */
  lock(tx: Tx, id: OperatorId): Promise<OperatorEntity | null> {
    return tx.findOne(OperatorEntity, { where: { id }, lock: { mode: 'pessimistic_write' } });
  }

  /** Makes changes of staff follow one another until the transaction ends, so that two cannot each take the other's last administrator away. */
  async lockAll(tx: Tx): Promise<void> {
    await tx.query('LOCK TABLE operator IN SHARE ROW EXCLUSIVE MODE');
  }

  countOtherAdministrators(tx: Tx, except: OperatorId): Promise<number> {
    return tx.countBy(OperatorEntity, { id: Not(except), role: 'administrator', status: 'active' });
  }

  /** The accounts that active operators of these roles sign in with. */
  async accountsOf(tx: Tx, roles: readonly StaffRole[]): Promise<AccountId[]> {
    const operators = await tx.find(OperatorEntity, {
      where: { role: In([...roles]), status: 'active', accountId: Not(IsNull()) },
      order: { id: 'ASC' },
    });
    return operators.flatMap(({ accountId }) => (accountId === null ? [] : [accountId]));
  }

  async update(tx: Tx, id: OperatorId, change: OperatorChange): Promise<void> {
    await tx.update(OperatorEntity, { id }, change);
  }

  /** In the order they were added, at most `limit`. */
  list(tx: Tx, after: OperatorId | undefined, limit: number): Promise<OperatorEntity[]> {
    return tx.find(OperatorEntity, oldestFirst({}, after, limit));
  }

  async insertToken(tx: Tx, token: OperatorTokenEntity): Promise<void> {
    await tx.insert(OperatorTokenEntity, token);
  }

  /** Newest first, at most `limit`. */
  listTokens(tx: Tx, operatorId: OperatorId, before: OperatorTokenId | undefined, limit: number): Promise<OperatorTokenEntity[]> {
    return tx.find(OperatorTokenEntity, newestFirst({ operatorId }, before, limit));
  }

  findTokenOf(tx: Tx, operatorId: OperatorId, id: OperatorTokenId): Promise<OperatorTokenEntity | null> {
    return tx.findOneBy(OperatorTokenEntity, { operatorId, id });
  }

  /** False when it was revoked before. */
  async revokeToken(tx: Tx, id: OperatorTokenId, at: Date): Promise<boolean> {
    const { affected } = await tx.update(OperatorTokenEntity, { id, revokedAt: IsNull() }, { revokedAt: at });
    return affected === 1;
  }

  /** How many tokens this revoked. */
  async revokeTokens(tx: Tx, operatorId: OperatorId, at: Date): Promise<number> {
    const { affected } = await tx.update(OperatorTokenEntity, { operatorId, revokedAt: IsNull() }, { revokedAt: at });
    return affected ?? 0;
  }

  async findToken(tx: Tx, tokenHash: Buffer): Promise<OperatorTokenRow | null> {
    const [row] = await tx.query<OperatorTokenRow[]>(
      `SELECT token_hash AS "tokenHash", expires_at AS "expiresAt", revoked_at AS "revokedAt", operator.id AS "operatorId",
         operator.status AS "operatorStatus", operator.role AS "operatorRole"
       FROM operator_token JOIN operator ON operator.id = operator_id WHERE token_hash = $1`,
      [tokenHash],
    );
    return row ?? null;
  }
}
