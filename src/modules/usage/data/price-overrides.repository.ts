import { Injectable } from '@nestjs/common';
import { errorCode } from '../../../kernel/errors.js';
import { newestFirst } from '../../../platform/database/pages.js';
import { UNIQUE_VIOLATION } from '../../../platform/database/sql-states.js';
import type { Tx } from '../../../platform/database/unit-of-work.js';
import { usageErrors } from '../usage.errors.js';
import { PriceOverrideEntity, type PriceOverrideId } from './price-override.entity.js';

/** Rows of `price_override`: the installation's own, seen only by system transactions. */
@Injectable()
export class PriceOverridesRepository {
  /** Raises `usage/already_exists` when the provider's model has a price already. */
  async insert(tx: Tx, override: PriceOverrideEntity): Promise<void> {
    await tx.insert(PriceOverrideEntity, override).catch((error: unknown) => {
      if (errorCode(error) === UNIQUE_VIOLATION) throw usageErrors.already_exists({ cause: error });
      throw error;
    });
  }

  /** Newest first. */
  list(tx: Tx, page: { readonly before?: PriceOverrideId | undefined; readonly limit: number }): Promise<PriceOverrideEntity[]> {
    return tx.find(PriceOverrideEntity, newestFirst({}, page.before, page.limit));
  }

  find(tx: Tx, id: PriceOverrideId): Promise<PriceOverrideEntity | null> {
    return tx.findOneBy(PriceOverrideEntity, { id });
  }

  async delete(tx: Tx, id: PriceOverrideId): Promise<void> {
    await tx.delete(PriceOverrideEntity, { id });
  }
}
