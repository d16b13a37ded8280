import { Injectable } from '@nestjs/common';
import type { WindowedClass } from '../../../../contracts/data-classes.js';
import type { LegalHoldId } from '../../../../contracts/legal-holds.js';
import { Clock } from '../../../../kernel/clock.js';
import { invalidRequest } from '../../../../kernel/errors.js';
import { type AccountId, newId, type OrganisationId } from '../../../../kernel/ids.js';
import { type Tx, UnitOfWork } from '../../../../platform/database/unit-of-work.js';
import type { OperatorPrincipal } from '../../../../platform/http/principal.js';
import type { HoldReason, LegalHoldEntity } from '../../data/legal-hold.entity.js';
import { AuditedHolds } from './audited-holds.js';
import { HoldReach } from './hold-reach.js';

/** What is to be held, and for which matter. */
export interface HoldRequest {
  readonly matter: string;
  readonly reason: HoldReason;
  readonly organisationId: OrganisationId | null;
  readonly accountId: AccountId | null;
  readonly dataClasses: readonly WindowedClass[];
  readonly fromAt: Date | null;
  readonly toAt: Date | null;
}

/** Places a legal hold (D5). What it covers is out of reach of every purge, sweep and erasure from the moment this returns. */
@Injectable()
export class PlaceHold {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly holds: AuditedHolds,
    private readonly reach: HoldReach,
    private readonly clock: Clock,
  ) {}

  /**
   * Raises `lethe/invalid_request` for a scope that names nobody, names what is not there, ends before it begins, or covers nothing that could
   * be held: a hold that protects nothing is worse than none.
   */
  async run(operator: Pick<OperatorPrincipal, 'kind' | 'id'>, request: HoldRequest): Promise<LegalHoldEntity> {
    const { organisationId, accountId, fromAt, toAt } = request;
    if (organisationId === null && accountId === null)
      throw invalidRequest([{ field: 'organisationId', message: 'or accountId must be given: a hold names whose data it is about' }]);
    if (fromAt !== null && toAt !== null && fromAt >= toAt) throw invalidRequest([{ field: 'to', message: 'must be later than from' }]);
    if ((await this.reach.of(request)).length === 0)
      throw invalidRequest([
        { field: 'dataClasses', message: 'must name a class of which there are rows that name all that the hold names' },
      ]);
    const hold: LegalHoldEntity = {
      ...request,
      id: newId<LegalHoldId>(),
      dataClasses: [...new Set(request.dataClasses)].sort(),
      placedBy: operator.id,
      placedAt: this.clock.now(),
      releaseRequestedBy: null,
      releaseRequestedAt: null,
      releasedBy: null,
      releasedAt: null,
      emptiedAt: null,
    };
    await this.unitOfWork.asSystem(async (tx) => {
      await this.requireNamed(tx, request);
      await this.holds.place(tx, hold, operator);
    });
    return hold;
  }

  private async requireNamed(tx: Tx, { organisationId, accountId }: HoldRequest): Promise<void> {
    const missing = (field: string) => invalidRequest([{ field, message: 'must be the id of one that is there' }]);
    if (organisationId !== null && !(await this.holds.rows.exists(tx, 'organisation', organisationId))) throw missing('organisationId');
    if (accountId !== null && !(await this.holds.rows.exists(tx, 'account', accountId))) throw missing('accountId');
  }
}
