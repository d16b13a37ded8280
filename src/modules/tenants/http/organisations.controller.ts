import { Body, Controller, Get, Param, Post, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { OrganisationId } from '../../../kernel/ids.js';
import { ApiProblem, CurrentPrincipal, Requires } from '../../../platform/http/access.js';
import { organisationScope } from '../../../platform/http/organisation-scope.js';
import { ApiPage, decodeCursor, type Page, PageQuery, pageOf } from '../../../platform/http/pagination.js';
import type { Principal } from '../../../platform/http/principal.js';
import { ParseIdPipe } from '../../../platform/http/validation.js';
import { CreateOrganisation } from '../core/create-organisation.js';
import { FoundOrganisation } from '../core/found-organisation.js';
import { ReadTenants } from '../core/read-tenants.js';
import { CreateOrganisationDto, OrganisationDto } from './organisations.dto.js';

@ApiTags('Organisations')
@Controller('api/v1/organisations')
export class OrganisationsController {
  constructor(
    private readonly creation: CreateOrganisation,
    private readonly founding: FoundOrganisation,
    private readonly tenants: ReadTenants,
  ) {}

  /** Creates an organisation. A person who does so is its owner; an operator's has no members yet. */
  @Post()
  @Requires('organisations:create')
  @ApiProblem(403, 'Organisations are made by operators here (`tenants/creation_off`), or the permission is missing (`http/forbidden`).')
  @ApiProblem(409, 'The slug is taken (`tenants/slug_taken`), or a person has founded too many (`tenants/too_many_organisations`).')
  async create(@Body() { slug, name }: CreateOrganisationDto, @CurrentPrincipal() principal: Principal): Promise<OrganisationDto> {
    if (principal.kind === 'account') return OrganisationDto.of(await this.founding.run({ slug, name }, principal));
    return OrganisationDto.of(await this.creation.run({ slug, name, kind: 'customer' }, principal));
  }

  /** Lists organisations in the order they were made: all of them for an operator, their own for a person. */
  @Get()
  @Requires('organisations:read')
  @ApiPage(OrganisationDto)
  async list(@Query() query: PageQuery, @CurrentPrincipal() principal: Principal): Promise<Page<OrganisationDto>> {
    const after = decodeCursor(query.cursor, { id: 'id' })?.id as OrganisationId | undefined;
    const rows =
      principal.kind === 'account'
        ? await this.tenants.listOwn([...principal.memberships.keys()], after, query.limit + 1)
        : await this.tenants.listOrganisations(organisationScope(principal), after, query.limit + 1);
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
}
