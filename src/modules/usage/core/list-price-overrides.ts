import { Injectable } from '@nestjs/common';
import { UnitOfWork } from '../../../platform/database/unit-of-work.js';
import type { PriceOverrideEntity, PriceOverrideId } from '../data/price-override.entity.js';
import { PriceOverridesRepository } from '../data/price-overrides.repository.js';

/** The operator's prices, newest first. */
@Injectable()
export class ListPriceOverrides {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly repository: PriceOverridesRepository,
  ) {}

  run(page: { readonly before?: PriceOverrideId | undefined; readonly limit: number }): Promise<PriceOverrideEntity[]> {
    return this.unitOfWork.asSystem((tx) => this.repository.list(tx, page));
  }
}
