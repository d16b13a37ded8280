import { Injectable, type OnModuleInit } from '@nestjs/common';
import type { OrganisationId, ProjectId } from '../../../kernel/ids.js';
import { type Change, ChangeFeed, type ChangeSubscriber } from '../../../platform/database/change-feed.js';
import { type Tx, UnitOfWork } from '../../../platform/database/unit-of-work.js';
import { type OrganisationState, OrganisationsRepository } from '../data/organisations.repository.js';
import { type ProjectState, ProjectsRepository } from '../data/projects.repository.js';
import { type OrganisationSummary, Tenants } from '../tenants.contract.js';
import { tenantsErrors } from '../tenants.errors.js';

/** Tries of {@link TenantDirectory.refresh}; each loses only to a change that arrived in between. */
const REFRESH_TRIES = 5;

/** Which organisations and projects may call, in memory, kept true by the change feed. */
@Injectable()
export class TenantDirectory extends Tenants implements ChangeSubscriber, OnModuleInit {
  readonly tables = ['organisation', 'project'];

  private organisations = new Map<string, OrganisationState>();
  private projects = new Map<string, ProjectState>();
  private operator: OrganisationId | null = null;
  /** Counts what the feed has applied: a read begun before such a moment may be older than memory. */
  private generation = 0;

  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly organisationRows: OrganisationsRepository,
    private readonly projectRows: ProjectsRepository,
    private readonly feed: ChangeFeed,
  ) {
    super();
  }

  onModuleInit(): void {
    this.feed.subscribe(this);
  }

  override isActive(organisationId: OrganisationId, projectId: ProjectId): boolean {
    const project = this.projects.get(projectId);
    if (project === undefined || project.status !== 'active' || project.organisationId !== organisationId) return false;
    return this.organisations.get(organisationId)?.status === 'active';
  }

  override operatorOrganisation(): OrganisationId | null {
    return this.operator;
  }

  override findOrganisation(tx: Tx, id: OrganisationId): Promise<OrganisationSummary | null> {
    return this.organisationRows.find(tx, id);
  }

  override async requireOrganisation(tx: Tx, id: OrganisationId): Promise<void> {
    const [organisation] = await this.organisationRows.states(tx, id);
    if (organisation === undefined) throw tenantsErrors.organisation_not_found();
  }

  override async requireProject(tx: Tx, organisationId: OrganisationId, id: ProjectId): Promise<void> {
    const [project] = await this.projectRows.states(tx, id);
    const usable = project?.organisationId === organisationId && project.status === 'active';
    if (!usable) throw tenantsErrors.project_not_found();
  }

  override async refresh(organisationId: OrganisationId, projectId: ProjectId): Promise<void> {
    for (let tries = 0; tries < REFRESH_TRIES; tries += 1) {
      const { generation } = this;
      const [organisations, projects] = await this.unitOfWork.asSystem(async (tx) => [
        await this.organisationRows.states(tx, organisationId),
        await this.projectRows.states(tx, projectId),
      ]);
      if (generation !== this.generation) continue;
      this.applyOrganisation(organisationId, organisations[0]);
      this.applyProject(projectId, projects[0]);
      return;
    }
  }

  async onChange(change: Change): Promise<void> {
    if (change.table === 'organisation') {
      const id = change.id as OrganisationId;
      const [state] = await this.unitOfWork.asSystem((tx) => this.organisationRows.states(tx, id));
      this.applyOrganisation(id, state);
    } else {
      const id = change.id as ProjectId;
      const [state] = await this.unitOfWork.asSystem((tx) => this.projectRows.states(tx, id));
      this.applyProject(id, state);
    }
    this.generation += 1;
  }

  async onResync(): Promise<void> {
    const [organisations, projects] = await this.unitOfWork.asSystem(async (tx) => [
      await this.organisationRows.states(tx),
      await this.projectRows.states(tx),
    ]);
    this.organisations = new Map(organisations.map((state) => [state.id, state]));
    this.projects = new Map(projects.map((state) => [state.id, state]));
    this.operator = organisations.find((state) => state.kind === 'operator')?.id ?? null;
    this.generation += 1;
  }

  private applyOrganisation(id: OrganisationId, state: OrganisationState | undefined): void {
    if (state === undefined) this.organisations.delete(id);
    else this.organisations.set(id, state);
    if (state?.kind === 'operator') this.operator = id;
    else if (this.operator === id) this.operator = null;
  }

  private applyProject(id: ProjectId, state: ProjectState | undefined): void {
    if (state === undefined) this.projects.delete(id);
    else this.projects.set(id, state);
  }
}
