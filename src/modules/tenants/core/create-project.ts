import { Injectable } from '@nestjs/common';
import { Clock } from '../../../kernel/clock.js';
import { newId, type OrganisationId, type ProjectId } from '../../../kernel/ids.js';
import { UnitOfWork } from '../../../platform/database/unit-of-work.js';
import { type AuditActor, AuditLog } from '../../audit/audit.contract.js';
import { ProjectsRepository } from '../data/projects.repository.js';
import type { ProjectSummary } from '../tenants.contract.js';
import { tenantsErrors } from '../tenants.errors.js';

/** Every replica holds all projects in memory, archived ones too. */
const MOST_PROJECTS = 1_000;

@Injectable()
export class CreateProject {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly projects: ProjectsRepository,
    private readonly audit: AuditLog,
    private readonly clock: Clock,
  ) {}

  /** Raises `tenants/organisation_not_found`, `tenants/project_name_taken` and `tenants/too_many_projects`. */
  run(command: { readonly organisationId: OrganisationId; readonly name: string }, actor: AuditActor): Promise<ProjectSummary> {
    const { organisationId, name } = command;
    const id = newId<ProjectId>();
    const now = this.clock.now();
    const project: ProjectSummary = { id, organisationId, name, status: 'active', createdAt: now, updatedAt: now };
    return this.unitOfWork.forOrganisation(organisationId, async (tx) => {
      if ((await this.projects.lockAndCount(tx, organisationId)) >= MOST_PROJECTS) {
        throw tenantsErrors.too_many_projects({ details: { limit: MOST_PROJECTS } });
      }
      await this.projects.insert(tx, project);
      await this.audit.record(tx, { actor, action: 'project.created', organisationId, target: { type: 'project', id } });
      return project;
    });
  }
}
