import { Injectable } from '@nestjs/common';
import { Clock } from '../../../kernel/clock.js';
import { kernelErrors } from '../../../kernel/errors.js';
import type { OrganisationId, ProjectId } from '../../../kernel/ids.js';
import { UnitOfWork } from '../../../platform/database/unit-of-work.js';
import { type AuditActor, AuditLog } from '../../audit/audit.contract.js';
import { ProjectsRepository } from '../data/projects.repository.js';
import type { ProjectStatus, ProjectSummary } from '../tenants.contract.js';

/** What to change; what is absent stays. */
export interface ProjectChange {
  readonly name?: string | undefined;
  readonly status?: ProjectStatus | undefined;
}

/** Renames, archives or restores a project. Archiving stops the calls of its keys on every replica within a second. */
@Injectable()
export class UpdateProject {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly projects: ProjectsRepository,
    private readonly audit: AuditLog,
    private readonly clock: Clock,
  ) {}

  /** Raises `lethe/not_found` and `tenants/project_name_taken`. A change to what already is writes nothing. */
  run(
    target: { readonly organisationId: OrganisationId; readonly id: ProjectId },
    change: ProjectChange,
    actor: AuditActor,
  ): Promise<ProjectSummary> {
    const { organisationId, id } = target;
    return this.unitOfWork.forOrganisation(organisationId, async (tx) => {
      const before = await this.projects.lock(tx, organisationId, id);
      if (before === null) throw kernelErrors.not_found();
      const after = { ...before, name: change.name ?? before.name, status: change.status ?? before.status, updatedAt: this.clock.now() };
      const actions = [
        ...(after.name === before.name ? [] : (['project.renamed'] as const)),
        ...(after.status === before.status ? [] : ([STATUS_ACTIONS[after.status]] as const)),
      ];
      if (actions.length === 0) return before;
      await this.projects.update(tx, after);
      for (const action of actions) await this.audit.record(tx, { actor, action, organisationId, target: { type: 'project', id } });
      return after;
    });
  }
}

const STATUS_ACTIONS = { active: 'project.restored', archived: 'project.archived' } as const;
