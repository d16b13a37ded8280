import { Injectable } from '@nestjs/common';
import type { InvitationId, OrganisationId } from '../../../../kernel/ids.js';
import { UnitOfWork } from '../../../../platform/database/unit-of-work.js';
import { Tenants } from '../../../tenants/tenants.contract.js';
import type { Invitation } from '../../data/members/invitation.entity.js';
import { InvitationsRepository } from '../../data/members/invitations.repository.js';

/** Invitations that have not been taken up, expired ones until they are cleared away. */
@Injectable()
export class ReadInvitations {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly invitations: InvitationsRepository,
    private readonly tenants: Tenants,
  ) {}

  /** In the order they were made. Raises `tenants/organisation_not_found`. */
  list(organisationId: OrganisationId, after: InvitationId | undefined, limit: number): Promise<Invitation[]> {
    return this.unitOfWork.forOrganisation(organisationId, async (tx) => {
      await this.tenants.requireOrganisation(tx, organisationId);
      return this.invitations.list(tx, organisationId, after, limit);
    });
  }
}
