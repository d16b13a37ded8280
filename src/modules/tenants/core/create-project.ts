import { Injectable } from '@nestjs/common';
import { Clock } from '../../../kernel/clock.js';
import { newId, type OrganisationId, type ProjectId } from '../../../kernel/ids.js';
import { UnitOfWork } from '../../../platform/database/unit-of-work.js';
import { type AuditActor, AuditLog } from '../../audit/audit.contract.js';
import { ProjectsRepository } from '../data/projects.repository.js';
import type { ProjectSummary } from '../tenants.contract.js';

@Injectable()
export class CreateProject {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly projects: ProjectsRepository,
    private readonly audit: AuditLog,
    private readonly clock: Clock,
  ) {}

  /** Raises `tenants/organisation_not_found` and `tenants/project_name_taken`. */
  run(command: { readonly organisationId: OrganisationId; readonly name: string }, actor: AuditActor): Promise<ProjectSummary> {
    const { organisationId, name } = command;
    const id = newId<ProjectId>();
    const now = this.clock.now();
    const project: ProjectSummary = { id, organisationId, name, status: 'active', createdAt: now, updatedAt: now };
    return this.unitOfWork.forOrganisation(organisationId, async (tx) => {
      await this.projects.insert(tx, project);
      await this.audit.record(tx, { actor, action: 'project.created', organisationId, target: { type: 'project', id } });
      return project;
    });
  }
}
