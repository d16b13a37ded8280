import { Injectable } from '@nestjs/common';
import { UnitOfWork } from '../../../platform/database/unit-of-work.js';
import { type AuditActor, AuditLog } from '../../audit/audit.contract.js';
import type { PriceOverrideId } from '../data/price-override.entity.js';
import { PriceOverridesRepository } from '../data/price-overrides.repository.js';
import { usageErrors } from '../usage.errors.js';

/** Gives a model back its catalogue price, or makes its price unknown when the catalogue has none. */
@Injectable()
export class DeletePriceOverride {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly repository: PriceOverridesRepository,
    private readonly audit: AuditLog,
  ) {}

  /** Raises `usage/price_override_not_found`. */
  run(actor: AuditActor, id: PriceOverrideId): Promise<void> {
    return this.unitOfWork.asSystem(async (tx) => {
      const override = await this.repository.find(tx, id);
      if (!override) throw usageErrors.price_override_not_found();
      await this.repository.delete(tx, id);
      const target = { type: 'price_override', id };
      const detail = { provider: override.provider };
      await this.audit.record(tx, { actor, action: 'price_override.deleted', organisationId: null, target, detail });
    });
  }
}
