import { hash } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { LessThanOrEqual } from 'typeorm';
import type { IdentityProviderId } from '../../../kernel/ids.js';
import type { Tx } from '../../../platform/database/unit-of-work.js';
import { SamlAnswer, type SamlAnswerRow } from './saml-answer.entity.js';

/** Rows of `saml_answer` and `saml_assertion`. Every transaction must be a system one. */
@Injectable()
export class SamlAnswersRepository {
  async insert(tx: Tx, answer: SamlAnswerRow): Promise<void> {
    await tx.insert(SamlAnswer, answer);
  }

  /** Takes an answer away, so that of any number who present its code one gets it. Null when there is none, or it is over. */
  async take(tx: Tx, codeHash: Buffer, now: Date): Promise<SamlAnswerRow | null> {
    const answer = await tx.findOne(SamlAnswer, { where: { codeHash }, lock: { mode: 'pessimistic_write' } });
    if (answer === null) return null;
    await tx.delete(SamlAnswer, { id: answer.id });
    return answer.expiresAt.getTime() > now.getTime() ? answer : null;
  }

  /** Marks an assertion as used. False when it has been used before, also by a request at this very moment. */
  async useAssertion(tx: Tx, providerId: IdentityProviderId, assertionId: string, expiresAt: Date): Promise<boolean> {
    const rows = await tx.query<unknown[]>(
      `INSERT INTO saml_assertion (provider_id, assertion_hash, expires_at) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING RETURNING 1`,
      [providerId, hash('sha256', assertionId, 'buffer'), expiresAt],
    );
    return rows.length === 1;
  }

  /** Removes what is over. Answers how many rows there were. */
  async sweep(tx: Tx, now: Date): Promise<number> {
    return (await tx.delete(SamlAnswer, { expiresAt: LessThanOrEqual(now) })).affected ?? 0;
  }

  /** Assertions that could not be used again anyway; answers how many there were. */
  async sweepAssertions(tx: Tx, now: Date): Promise<number> {
    const [, count] = await tx.query<[unknown[], number]>('DELETE FROM saml_assertion WHERE expires_at <= $1', [now]);
    return count;
  }
}
