import { Injectable } from '@nestjs/common';
import { kernelErrors } from '../../../kernel/errors.js';
import type { OrganisationId, ProjectId } from '../../../kernel/ids.js';
import { UnitOfWork } from '../../../platform/database/unit-of-work.js';
import { OrganisationsRepository } from '../data/organisations.repository.js';
import { ProjectsRepository } from '../data/projects.repository.js';
import { type OrganisationSummary, type ProjectSummary, Tenants } from '../tenants.contract.js';
import { tenantsErrors } from '../tenants.errors.js';

/** Organisations and projects as the admin API shows them. */
@Injectable()
export class ReadTenants {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly organisations: OrganisationsRepository,
    private readonly projects: ProjectsRepository,
    private readonly tenants: Tenants,
  ) {}

  /** Raises `tenants/organisation_not_found`. */
  async organisation(id: OrganisationId): Promise<OrganisationSummary> {
    const organisation = await this.unitOfWork.forOrganisation(id, (tx) => this.organisations.find(tx, id));
    if (organisation === null) throw tenantsErrors.organisation_not_found();
    return organisation;
  }

  findBySlug(slug: string): Promise<OrganisationSummary | null> {
    return this.unitOfWork.asSystem((tx) => this.organisations.findBySlug(tx, slug));
  }

  findOperator(): Promise<OrganisationSummary | null> {
    return this.unitOfWork.asSystem((tx) => this.organisations.findOperator(tx));
  }

  findProjectByName(organisationId: OrganisationId, name: string): Promise<ProjectSummary | null> {
    return this.unitOfWork.forOrganisation(organisationId, (tx) => this.projects.findByName(tx, organisationId, name));
  }

  /** All of them, or with `only` that one, in the order they were made. */
  listOrganisations(only: OrganisationId | undefined, after: OrganisationId | undefined, limit: number): Promise<OrganisationSummary[]> {
    if (only === undefined) return this.unitOfWork.asSystem((tx) => this.organisations.list(tx, after, limit));
    return this.unitOfWork.forOrganisation(only, (tx) => this.organisations.list(tx, after, limit));
  }

  /** A person's own, in the order they were made. */
  listOwn(ids: readonly OrganisationId[], after: OrganisationId | undefined, limit: number): Promise<OrganisationSummary[]> {
    return this.unitOfWork.asSystem((tx) => this.organisations.listAmong(tx, ids, after, limit));
  }

  /** Raises `lethe/not_found`. */
  async project(organisationId: OrganisationId, id: ProjectId): Promise<ProjectSummary> {
    const project = await this.unitOfWork.forOrganisation(organisationId, (tx) => this.projects.find(tx, organisationId, id));
    if (project === null) throw kernelErrors.not_found();
    return project;
  }

  /** In the order they were made. Raises `tenants/organisation_not_found`. */
  listProjects(organisationId: OrganisationId, after: ProjectId | undefined, limit: number): Promise<ProjectSummary[]> {
    return this.unitOfWork.forOrganisation(organisationId, async (tx) => {
      await this.tenants.requireOrganisation(tx, organisationId);
      return this.projects.list(tx, organisationId, after, limit);
    });
  }
}
