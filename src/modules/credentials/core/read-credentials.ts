import { Injectable } from '@nestjs/common';
import type { OrganisationId } from '../../../kernel/ids.js';
import { UnitOfWork } from '../../../platform/database/unit-of-work.js';
import { Tenants } from '../../tenants/tenants.contract.js';
import type { CredentialView } from '../credentials.contract.js';
import { credentialsErrors } from '../credentials.errors.js';
import { CredentialsRepository, type ListedAfter } from '../data/credentials.repository.js';
import type { CredentialRef } from './audited-credentials.js';
import { toCredentialView } from './credential-view.js';

/** Shows credentials, never their secrets (K2). */
@Injectable()
export class ReadCredentials {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly repository: CredentialsRepository,
    private readonly tenants: Tenants,
  ) {}

  /** Raises `credentials/not_found`. */
  async get({ organisationId, id }: CredentialRef): Promise<CredentialView> {
    const row = await this.unitOfWork.forOrganisation(organisationId, (tx) => this.repository.find(tx, organisationId, id));
    if (!row) throw credentialsErrors.not_found();
    return toCredentialView(row);
  }

  /** Oldest first; all of them without a limit. Raises `tenants/organisation_not_found`. */
  async list(organisationId: OrganisationId, page: ListedAfter = {}): Promise<CredentialView[]> {
    const rows = await this.unitOfWork.forOrganisation(organisationId, async (tx) => {
      await this.tenants.requireOrganisation(tx, organisationId);
      return this.repository.list(tx, organisationId, page);
    });
    return rows.map(toCredentialView);
  }
}
