import { Injectable } from '@nestjs/common';
import type { LegalHoldId } from '../../../../contracts/legal-holds.js';
import type { OrganisationId } from '../../../../kernel/ids.js';
import { UnitOfWork } from '../../../../platform/database/unit-of-work.js';
import type { LegalHoldEntity } from '../../data/legal-hold.entity.js';
import { type HeldCount, LegalHoldsRepository } from '../../data/legal-holds.repository.js';
import { retentionErrors } from '../../retention.errors.js';
import { HoldReach } from './hold-reach.js';

/** A hold, the tables it reaches, and what is kept aside for it by table. */
export interface HoldView {
  readonly hold: LegalHoldEntity;
  readonly tables: readonly string[];
  readonly held: readonly HeldCount[];
}

/** Reads legal holds, those that are over too. */
@Injectable()
export class ReadHolds {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly holds: LegalHoldsRepository,
    private readonly reach: HoldReach,
  ) {}

  list(
    filter: { readonly organisationId?: OrganisationId | undefined; readonly before?: LegalHoldId | undefined },
    limit: number,
  ): Promise<LegalHoldEntity[]> {
    return this.unitOfWork.asSystem((tx) => this.holds.list(tx, filter, limit));
  }

  /** Those that name the organisation, as it sees them itself. */
  listOf(organisationId: OrganisationId, before: LegalHoldId | undefined, limit: number): Promise<LegalHoldEntity[]> {
    return this.unitOfWork.forOrganisation(organisationId, (tx) => this.holds.list(tx, { organisationId, before }, limit));
  }

  /** Raises `retention/hold_not_found`. */
  async find(id: LegalHoldId): Promise<HoldView> {
    const [hold, held] = await this.unitOfWork.asSystem(
      async (tx) => [await this.holds.find(tx, id), await this.holds.heldRows(tx, id)] as const,
    );
    if (hold === null) throw retentionErrors.hold_not_found();
    return { hold, tables: await this.reach.of(hold), held };
  }
}
