import { Injectable } from '@nestjs/common';
import { IsNull, MoreThan } from 'typeorm';
import type { OrganisationId, ScimTokenId } from '../../../kernel/ids.js';
import { oldestFirst } from '../../../platform/database/pages.js';
import type { Tx } from '../../../platform/database/unit-of-work.js';
import { ScimToken, type ScimTokenRow } from './scim-token.entity.js';

@Injectable()
export class ScimTokensRepository {
  async insert(tx: Tx, token: ScimTokenRow, tokenHash: Buffer): Promise<void> {
    await tx.insert(ScimToken, { ...token, tokenHash });
  }

  /** In the order they were made, at most `limit`. */
  list(tx: Tx, organisationId: OrganisationId, after: ScimTokenId | undefined, limit: number): Promise<ScimTokenRow[]> {
    return tx.find(ScimToken, oldestFirst({ organisationId }, after, limit));
  }

  find(tx: Tx, organisationId: OrganisationId, id: ScimTokenId): Promise<ScimTokenRow | null> {
    return tx.findOneBy(ScimToken, { organisationId, id });
  }

  /** Whose token this is, whichever organisation's. The transaction must be a system one. */
  findByHash(tx: Tx, tokenHash: Buffer): Promise<ScimTokenRow | null> {
    return tx.findOneBy(ScimToken, { tokenHash });
  }

  /** The same as {@link find}, locked until the transaction ends. */
  lock(tx: Tx, organisationId: OrganisationId, id: ScimTokenId): Promise<ScimTokenRow | null> {
    return tx.findOne(ScimToken, { where: { organisationId, id }, lock: { mode: 'pessimistic_write' } });
  }

  /** Lets those who make tokens of one organisation follow one another until the transaction ends, so that what they count stays true. */
  async lockAll(tx: Tx, organisationId: OrganisationId): Promise<void> {
    await tx.query(`SELECT pg_advisory_xact_lock(hashtextextended('scim-tokens:' || $1, 0))`, [organisationId]);
  }

  /** Tokens that may be used. */
  countLive(tx: Tx, organisationId: OrganisationId, now: Date): Promise<number> {
    const live = { organisationId, revokedAt: IsNull() };
    return tx.countBy(ScimToken, [
      { ...live, expiresAt: IsNull() },
      { ...live, expiresAt: MoreThan(now) },
    ]);
  }

  async expire(tx: Tx, organisationId: OrganisationId, id: ScimTokenId, expiresAt: Date): Promise<void> {
    await tx.update(ScimToken, { organisationId, id }, { expiresAt });
  }

  /** Whether this changed anything: a token is revoked once. */
  async revoke(tx: Tx, organisationId: OrganisationId, id: ScimTokenId, at: Date): Promise<boolean> {
    const { affected } = await tx.update(ScimToken, { organisationId, id, revokedAt: IsNull() }, { revokedAt: at });
    return affected === 1;
  }

  async markUsed(tx: Tx, id: ScimTokenId, at: Date): Promise<void> {
    await tx.update(ScimToken, { id }, { lastUsedAt: at });
  }
}
