import { Body, Controller, Get, Param, Patch, Post, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { OrganisationId } from '../../../kernel/ids.js';
import { ApiProblem, CurrentPrincipal, Requires } from '../../../platform/http/access.js';
import { organisationScope } from '../../../platform/http/organisation-scope.js';
import { ApiPage, decodeCursor, type Page, PageQuery, pageOf } from '../../../platform/http/pagination.js';
import type { Principal } from '../../../platform/http/principal.js';
import { ParseIdPipe } from '../../../platform/http/validation.js';
import { CreateOrganisation } from '../core/create-organisation.js';
import { ReadTenants } from '../core/read-tenants.js';
import { UpdateOrganisation } from '../core/update-organisation.js';
import { CreateOrganisationDto, OrganisationDto, UpdateOrganisationDto } from './organisations.dto.js';

@ApiTags('Organisations')
@Controller('api/v1/organisations')
export class OrganisationsController {
  constructor(
    private readonly creation: CreateOrganisation,
    private readonly changes: UpdateOrganisation,
    private readonly tenants: ReadTenants,
  ) {}

  /** Creates an organisation. */
  @Post()
  @Requires('organisations:write')
  @ApiProblem(409, 'The slug is taken (`tenants/slug_taken`).')
  async create(@Body() body: CreateOrganisationDto, @CurrentPrincipal() principal: Principal): Promise<OrganisationDto> {
    return OrganisationDto.of(await this.creation.run({ slug: body.slug, name: body.name, kind: 'customer' }, principal));
  }

  /** Lists organisations in the order they were made. */
  @Get()
  @Requires('organisations:read')
  @ApiPage(OrganisationDto)
  async list(@Query() query: PageQuery, @CurrentPrincipal() principal: Principal): Promise<Page<OrganisationDto>> {
    const after = decodeCursor(query.cursor, { id: 'id' })?.id as OrganisationId | undefined;
    const rows = await this.tenants.listOrganisations(organisationScope(principal), after, query.limit + 1);
    return pageOf(rows, query.limit, ({ id }) => ({ id }), OrganisationDto.of);
  }

  /** Reads one organisation. */
  @Get(':organisationId')
  @Requires('organisations:read')
  @ApiProblem(404, 'There is no such organisation (`tenants/organisation_not_found`).')
  async read(@Param('organisationId', ParseIdPipe) id: OrganisationId, @CurrentPrincipal() principal: Principal): Promise<OrganisationDto> {
    organisationScope(principal, id);
    return OrganisationDto.of(await this.tenants.organisation(id));
  }

  /** Renames, suspends or reactivates an organisation. */
  @Patch(':organisationId')
  @Requires('organisations:write')
  @ApiProblem(404, 'There is no such organisation (`tenants/organisation_not_found`).')
  @ApiProblem(409, 'The operator organisation cannot be suspended (`tenants/operator_cannot_be_suspended`).')
  async update(
    @Param('organisationId', ParseIdPipe) id: OrganisationId,
    @Body() body: UpdateOrganisationDto,
    @CurrentPrincipal() principal: Principal,
  ): Promise<OrganisationDto> {
    organisationScope(principal, id);
    return OrganisationDto.of(await this.changes.run(id, { name: body.name, status: body.status }, principal));
  }
}
