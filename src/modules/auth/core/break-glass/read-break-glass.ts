import { Injectable } from '@nestjs/common';
import type { BreakGlassId, OrganisationId } from '../../../../kernel/ids.js';
import { UnitOfWork } from '../../../../platform/database/unit-of-work.js';
import type { BreakGlassGrantEntity } from '../../data/break-glass-grant.entity.js';
import { BreakGlassGrantsRepository, type GrantFilter } from '../../data/break-glass-grants.repository.js';

@Injectable()
export class ReadBreakGlass {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly grants: BreakGlassGrantsRepository,
  ) {}

  /** Those of all organisations, for staff: newest first, at most `limit`. */
  list(filter: GrantFilter, limit: number): Promise<BreakGlassGrantEntity[]> {
    return this.unitOfWork.asSystem((tx) => this.grants.list(tx, filter, limit));
  }

  /** Those of one organisation, for its own people. */
  listOf(organisationId: OrganisationId, before: BreakGlassId | undefined, limit: number): Promise<BreakGlassGrantEntity[]> {
    return this.unitOfWork.forOrganisation(organisationId, (tx) => this.grants.list(tx, { organisationId, before }, limit));
  }
}
