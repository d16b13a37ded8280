import { Injectable } from '@nestjs/common';
import { Clock } from '../../../kernel/clock.js';
import { newId } from '../../../kernel/ids.js';
import { UnitOfWork } from '../../../platform/database/unit-of-work.js';
import { type AuditActor, AuditLog } from '../../audit/audit.contract.js';
import type { PriceOverrideEntity } from '../data/price-override.entity.js';
import { PriceOverridesRepository } from '../data/price-overrides.repository.js';

export type NewPriceOverride = Omit<PriceOverrideEntity, 'id' | 'createdAt' | 'updatedAt'>;

/** Sets a price over the catalogue's. Calls that settle from now on are billed by it; records already written keep their cost. */
@Injectable()
export class CreatePriceOverride {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly repository: PriceOverridesRepository,
    private readonly audit: AuditLog,
    private readonly clock: Clock,
  ) {}

  /** Raises `usage/already_exists`: a price is replaced by deleting it first. */
  async run(actor: AuditActor, wanted: NewPriceOverride): Promise<PriceOverrideEntity> {
    const now = this.clock.now();
    const override: PriceOverrideEntity = { ...wanted, id: newId(), createdAt: now, updatedAt: now };
    await this.unitOfWork.asSystem(async (tx) => {
      await this.repository.insert(tx, override);
      const { inputPerMillion, cachedInputPerMillion, outputPerMillion, perRequest } = override;
      const detail = { provider: override.provider, inputPerMillion, cachedInputPerMillion, outputPerMillion, perRequest };
      const target = { type: 'price_override', id: override.id };
      await this.audit.record(tx, { actor, action: 'price_override.created', organisationId: null, target, detail });
    });
    return override;
  }
}
