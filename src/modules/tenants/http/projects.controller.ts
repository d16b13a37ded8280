import { Body, Controller, Get, Param, Patch, Post, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { OrganisationId, ProjectId } from '../../../kernel/ids.js';
import { ApiProblem, CurrentPrincipal, Requires } from '../../../platform/http/access.js';
import { organisationScope } from '../../../platform/http/organisation-scope.js';
import { ApiPage, decodeCursor, type Page, PageQuery, pageOf } from '../../../platform/http/pagination.js';
import type { Principal } from '../../../platform/http/principal.js';
import { ParseIdPipe } from '../../../platform/http/validation.js';
import { CreateProject } from '../core/create-project.js';
import { ReadTenants } from '../core/read-tenants.js';
import { UpdateProject } from '../core/update-project.js';
import { CreateProjectDto, ProjectDto, UpdateProjectDto } from './projects.dto.js';

@ApiTags('Projects')
@Controller('api/v1/organisations/:organisationId/projects')
export class ProjectsController {
  constructor(
    private readonly creation: CreateProject,
    private readonly changes: UpdateProject,
    private readonly tenants: ReadTenants,
  ) {}

  /** Creates a project. */
  @Post()
  @Requires('projects:write')
  @ApiProblem(404, 'There is no such organisation (`tenants/organisation_not_found`).')
  @ApiProblem(409, 'The name is taken (`tenants/project_name_taken`), or there are 1,000 projects (`tenants/too_many_projects`).')
  async create(
    @Param('organisationId', ParseIdPipe) organisationId: OrganisationId,
    @Body() body: CreateProjectDto,
    @CurrentPrincipal() principal: Principal,
  ): Promise<ProjectDto> {
    organisationScope(principal, organisationId);
    return ProjectDto.of(await this.creation.run({ organisationId, name: body.name }, principal));
  }

  /** Lists an organisation's projects in the order they were made. */
  @Get()
  @Requires('projects:read')
  @ApiPage(ProjectDto)
  @ApiProblem(404, 'There is no such organisation (`tenants/organisation_not_found`).')
  async list(
    @Param('organisationId', ParseIdPipe) organisationId: OrganisationId,
    @Query() query: PageQuery,
    @CurrentPrincipal() principal: Principal,
  ): Promise<Page<ProjectDto>> {
    organisationScope(principal, organisationId);
    const after = decodeCursor(query.cursor, { id: 'id' })?.id as ProjectId | undefined;
    const rows = await this.tenants.listProjects(organisationId, after, query.limit + 1);
    return pageOf(rows, query.limit, ({ id }) => ({ id }), ProjectDto.of);
  }

  /** Reads one project. */
  @Get(':projectId')
  @Requires('projects:read')
  @ApiProblem(404, 'The organisation has no such project (`lethe/not_found`).')
  async read(
    @Param('organisationId', ParseIdPipe) organisationId: OrganisationId,
    @Param('projectId', ParseIdPipe) id: ProjectId,
    @CurrentPrincipal() principal: Principal,
  ): Promise<ProjectDto> {
    organisationScope(principal, organisationId);
    return ProjectDto.of(await this.tenants.project(organisationId, id));
  }

  /** Renames, archives or restores a project. */
  @Patch(':projectId')
  @Requires('projects:write')
  @ApiProblem(404, 'The organisation has no such project (`lethe/not_found`).')
  @ApiProblem(409, 'The name is taken (`tenants/project_name_taken`).')
  async update(
    @Param('organisationId', ParseIdPipe) organisationId: OrganisationId,
    @Param('projectId', ParseIdPipe) id: ProjectId,
    @Body() body: UpdateProjectDto,
    @CurrentPrincipal() principal: Principal,
  ): Promise<ProjectDto> {
    organisationScope(principal, organisationId);
    return ProjectDto.of(await this.changes.run({ organisationId, id }, { name: body.name, status: body.status }, principal));
  }
}
