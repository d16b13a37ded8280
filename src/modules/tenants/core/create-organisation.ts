import { Injectable } from '@nestjs/common';
import { newId, type OrganisationId } from '../../../kernel/ids.js';
import { UnitOfWork } from '../../../platform/database/unit-of-work.js';
import type { AuditActor } from '../../audit/audit.contract.js';
import type { OrganisationSummary } from '../tenants.contract.js';
import { AuditedOrganisations, type NewOrganisation } from './audited-organisations.js';

/** Makes an organisation without members, for operators. The API makes customers only; the operator's own comes from the first-run bootstrap. */
@Injectable()
export class CreateOrganisation {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly organisations: AuditedOrganisations,
  ) {}

  /** Raises `tenants/slug_taken`, `tenants/operator_exists`, and `lethe/invalid_request` for a slug that is none. */
  run(command: Omit<NewOrganisation, 'id'>, actor: AuditActor): Promise<OrganisationSummary> {
    const id = newId<OrganisationId>();
    return this.unitOfWork.forOrganisation(id, (tx) => this.organisations.add(tx, { ...command, id }, actor));
  }
}
