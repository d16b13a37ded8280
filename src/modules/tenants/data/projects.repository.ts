import { Injectable } from '@nestjs/common';
import type { OrganisationId, ProjectId } from '../../../kernel/ids.js';
import { oldestFirst } from '../../../platform/database/pages.js';
import { violatedConstraint } from '../../../platform/database/sql-states.js';
import type { Tx } from '../../../platform/database/unit-of-work.js';
import type { ProjectStatus, ProjectSummary } from '../tenants.contract.js';
import { tenantsErrors } from '../tenants.errors.js';
import { ProjectEntity } from './project.entity.js';

/** What the directory keeps in memory of a project. */
export interface ProjectState {
  readonly id: ProjectId;
  readonly organisationId: OrganisationId;
  readonly status: ProjectStatus;
}

@Injectable()
export class ProjectsRepository {
  /** Raises `tenants/project_name_taken` and `tenants/organisation_not_found`; the transaction is then of no more use. */
  async insert(tx: Tx, project: ProjectSummary): Promise<void> {
    await inOurWords(tx.insert(ProjectEntity, project));
  }

  /** How many an organisation has, archived ones too. Until the transaction ends nobody else who asks this adds one. */
  async lockAndCount(tx: Tx, organisationId: OrganisationId): Promise<number> {
    await tx.query('SELECT FROM organisation WHERE id = $1 FOR NO KEY UPDATE', [organisationId]);
    return tx.countBy(ProjectEntity, { organisationId });
  }

  find(tx: Tx, organisationId: OrganisationId, id: ProjectId): Promise<ProjectSummary | null> {
    return tx.findOneBy(ProjectEntity, { organisationId, id });
  }

  findByName(tx: Tx, organisationId: OrganisationId, name: string): Promise<ProjectSummary | null> {
    return tx.findOneBy(ProjectEntity, { organisationId, name });
  }

  /** The row, locked until the transaction ends, so that two changes follow one another. */
  lock(tx: Tx, organisationId: OrganisationId, id: ProjectId): Promise<ProjectSummary | null> {
    return tx.findOne(ProjectEntity, { where: { organisationId, id }, lock: { mode: 'pessimistic_write' } });
  }

  /** Raises `tenants/project_name_taken`; the transaction is then of no more use. */
  async update(tx: Tx, project: ProjectSummary): Promise<void> {
    const { id, organisationId, name, status, updatedAt } = project;
    await inOurWords(tx.update(ProjectEntity, { id, organisationId }, { name, status, updatedAt }));
  }

  /** In the order they were made, at most `limit`. */
  list(tx: Tx, organisationId: OrganisationId, after: ProjectId | undefined, limit: number): Promise<ProjectSummary[]> {
    return tx.find(ProjectEntity, oldestFirst({ organisationId }, after, limit));
  }

  /** The states of all projects the transaction sees, or of one. */
  states(tx: Tx, id?: ProjectId): Promise<ProjectState[]> {
    const query = 'SELECT id, organisation_id AS "organisationId", status FROM project';
    return id === undefined ? tx.query(query) : tx.query(`${query} WHERE id = $1`, [id]);
  }
}

async function inOurWords(write: Promise<unknown>): Promise<void> {
  try {
    await write;
  } catch (error) {
    const constraint = violatedConstraint(error);
    if (constraint === 'project_organisation_id_name_key') {
      throw tenantsErrors.project_name_taken({ cause: error, details: { field: 'name' } });
    }
    if (constraint === 'project_organisation_id_fkey') throw tenantsErrors.organisation_not_found({ cause: error });
    throw error;
  }
}
