import { Injectable } from '@nestjs/common';
import type { OrganisationId } from '../../../kernel/ids.js';
import { newestFirst } from '../../../platform/database/pages.js';
import type { Tx } from '../../../platform/database/unit-of-work.js';
import { RateLimitEntity, type RateLimitId } from './rate-limit.entity.js';

/** What a rate limit is put on; there is at most one limit on each. */
export type RateLimitSubject = Pick<RateLimitEntity, 'organisationId' | 'scope' | 'scopeId'>;

/** Rows of `rate_limit`. Besides row-level security every statement names the organisation (A3). */
@Injectable()
export class RateLimitsRepository {
  /** Writes the limit, in place of the one there was. */
  async put(tx: Tx, limit: RateLimitEntity): Promise<RateLimitEntity> {
    await tx
      .createQueryBuilder()
      .insert()
      .into(RateLimitEntity)
      .values(limit)
      .orUpdate(['requests_per_minute', 'tokens_per_minute', 'updated_at'], ['organisation_id', 'scope', 'scope_id'])
      .execute();
    const { organisationId, scope, scopeId } = limit;
    return tx.findOneByOrFail(RateLimitEntity, { organisationId, scope, scopeId });
  }

  /** Newest first. */
  list(
    tx: Tx,
    organisationId: OrganisationId,
    page: { readonly before?: RateLimitId | undefined; readonly limit: number },
  ): Promise<RateLimitEntity[]> {
    return tx.find(RateLimitEntity, newestFirst({ organisationId }, page.before, page.limit));
  }

  /** Whether the row was there to delete. */
  async delete(tx: Tx, { organisationId, scope, scopeId }: RateLimitSubject): Promise<boolean> {
    const { affected } = await tx.delete(RateLimitEntity, { organisationId, scope, scopeId });
    return affected === 1;
  }
}
