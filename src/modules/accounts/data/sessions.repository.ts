import { Injectable } from '@nestjs/common';
import { In, LessThan, MoreThan, Not } from 'typeorm';
import type { AccountId, SessionId } from '../../../kernel/ids.js';
import type { Tx } from '../../../platform/database/unit-of-work.js';
import type { AccountStatus } from '../accounts.contract.js';
import { SessionEntity } from './session.entity.js';

/** A session and the state of the account it is of. */
export type SessionWithStatus = SessionEntity & { readonly status: AccountStatus };

/** Sessions. Only the system role reaches them (A3). */
@Injectable()
export class SessionsRepository {
  async insert(tx: Tx, session: SessionEntity): Promise<void> {
    await tx.insert(SessionEntity, session);
  }

  async findByToken(tx: Tx, tokenHash: Buffer): Promise<SessionWithStatus | null> {
    const [row] = await tx.query<SessionWithStatus[]>(`${WITH_STATUS} WHERE token_hash = $1`, [tokenHash]);
    return row ?? null;
  }

  /** The row, locked until the transaction ends; null when the session has been ended. */
  lock(tx: Tx, id: SessionId): Promise<SessionEntity | null> {
    return tx.findOne(SessionEntity, { where: { id }, lock: { mode: 'pessimistic_write' } });
  }

  /** Those within their absolute limit, oldest first. */
  list(tx: Tx, accountId: AccountId, at: Date): Promise<SessionEntity[]> {
    return tx.find(SessionEntity, { where: { accountId, expiresAt: MoreThan(at) }, order: { id: 'ASC' } });
  }

  async update(tx: Tx, id: SessionId, change: Partial<Omit<SessionEntity, 'id' | 'accountId'>>): Promise<void> {
    await tx.update(SessionEntity, { id }, change);
  }

  /** Remembers a use. Does not wait for whoever changes the session at this moment. */
  async touch(tx: Tx, id: SessionId, at: Date): Promise<void> {
    await tx.query(
      `UPDATE account_session SET last_seen_at = $2
       WHERE id = (SELECT id FROM account_session WHERE id = $1 AND last_seen_at < $2 FOR UPDATE SKIP LOCKED)`,
      [id, at],
    );
  }

  /** False when the account has no such session. */
  async end(tx: Tx, accountId: AccountId, id: SessionId): Promise<boolean> {
    const { affected } = await tx.delete(SessionEntity, { id, accountId });
    return affected === 1;
  }

  /** Ends all sessions of an account but `except`, and answers how many there were. */
  async endAll(tx: Tx, accountId: AccountId, except: SessionId | null = null): Promise<number> {
    const [, ended] = await tx.query<[unknown, number]>(
      'DELETE FROM account_session WHERE account_id = $1 AND id IS DISTINCT FROM $2::uuid',
      [accountId, except],
    );
    return ended;
  }

  /**
   * Ends the oldest sessions of an account so that with `newest` there are `most`, and answers how many there were. Those that have shown a second factor
   * end last: whoever has a password alone must not push them out.
   */
  async endOldest(tx: Tx, { accountId, id: newest }: Pick<SessionEntity, 'accountId' | 'id'>, most: number): Promise<number> {
    const [, ended] = await tx.query<[unknown, number]>(
      `DELETE FROM account_session WHERE id IN (
         SELECT id FROM account_session WHERE account_id = $1 AND id <> $2 ORDER BY second_factor_at IS NULL, created_at DESC, id DESC OFFSET $3
       )`,
      [accountId, newest, most - 1],
    );
    return ended;
  }

  /** No session of the account has shown a second factor any more; what an identity provider asked for is not ours to forget. */
  async forgetSecondFactor(tx: Tx, accountId: AccountId): Promise<void> {
    await tx.update(SessionEntity, { accountId, method: Not(In(['oidc', 'saml'])) }, { secondFactorAt: null });
  }

  /** Removes what is past its limits. */
  async sweep(tx: Tx, at: Date, idleSince: Date): Promise<number> {
    const over = await tx.delete(SessionEntity, { expiresAt: LessThan(at) });
    const idle = await tx.delete(SessionEntity, { lastSeenAt: LessThan(idleSince) });
    return (over.affected ?? 0) + (idle.affected ?? 0);
  }
}

const WITH_STATUS = `SELECT session.id, account_id AS "accountId", token_hash AS "tokenHash", method, second_factor_at AS "secondFactorAt",
  proven_at AS "provenAt", device, country, region, network_tag AS "networkTag", session.created_at AS "createdAt",
  last_seen_at AS "lastSeenAt", expires_at AS "expiresAt", account.status
  FROM account_session session JOIN account ON account.id = account_id`;
