import { Injectable } from '@nestjs/common';
import type { OrganisationId } from '../../../kernel/ids.js';
import type { AuditActor } from '../../audit/audit.contract.js';
import { OrganisationAdministration, type OrganisationKind, type OrganisationSummary, type ProjectSummary } from '../tenants.contract.js';
import { CreateOrganisation } from './create-organisation.js';
import { CreateProject } from './create-project.js';
import { ReadTenants } from './read-tenants.js';

/** What the bootstrap and the command line do with organisations, through the same use-cases as the API. */
@Injectable()
export class AdministerOrganisations extends OrganisationAdministration {
  constructor(
    private readonly creation: CreateOrganisation,
    private readonly projectCreation: CreateProject,
    private readonly tenants: ReadTenants,
  ) {
    super();
  }

  override createOrganisation(
    command: { readonly slug: string; readonly name: string; readonly kind: OrganisationKind },
    actor: AuditActor,
  ): Promise<OrganisationSummary> {
    return this.creation.run(command, actor);
  }

  override createProject(
    command: { readonly organisationId: OrganisationId; readonly name: string },
    actor: AuditActor,
  ): Promise<ProjectSummary> {
    return this.projectCreation.run(command, actor);
  }

  override findOrganisation(slug: string): Promise<OrganisationSummary | null> {
    return this.tenants.findBySlug(slug);
  }

  override findOperatorOrganisation(): Promise<OrganisationSummary | null> {
    return this.tenants.findOperator();
  }

  override findProject(organisationId: OrganisationId, name: string): Promise<ProjectSummary | null> {
    return this.tenants.findProjectByName(organisationId, name);
  }
}
