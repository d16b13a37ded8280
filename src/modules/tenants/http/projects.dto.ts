import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsIn } from 'class-validator';
import { IfGiven, IsCleanText } from '../../../platform/http/field-rules.js';
import type { ProjectStatus, ProjectSummary } from '../tenants.contract.js';

/** A new project. */
export class CreateProjectDto {
  /** Unique in its organisation. */
  @ApiProperty({ type: 'string', minLength: 1, maxLength: 100, example: 'production' })
  @IsCleanText({ min: 1, max: 100 })
  name: string;
}

/** What to change of a project; what is left out stays. */
export class UpdateProjectDto {
  @ApiPropertyOptional({ type: 'string', minLength: 1, maxLength: 100 })
  @IfGiven()
  @IsCleanText({ min: 1, max: 100 })
  name?: string;

  /** `archived` refuses the calls of its keys within a second; `active` lets them through again. */
  @ApiPropertyOptional({ enum: ['active', 'archived'] })
  @IfGiven()
  @IsIn(['active', 'archived'], { message: 'must be "active" or "archived"' })
  status?: ProjectStatus;
}

/** A project: what an organisation divides its keys, budgets and usage by. */
export class ProjectDto {
  id: string;

  organisationId: string;

  name: string;

  @ApiProperty({ enum: ['active', 'archived'] })
  status: ProjectStatus;

  /** RFC 3339. */
  createdAt: string;

  /** RFC 3339. */
  updatedAt: string;

  static of(this: void, project: ProjectSummary): ProjectDto {
    const { id, organisationId, name, status, createdAt, updatedAt } = project;
    return { id, organisationId, name, status, createdAt: createdAt.toISOString(), updatedAt: updatedAt.toISOString() };
  }
}
