import { Body, Controller, Delete, Get, HttpCode, Param, Post, Put, Query } from '@nestjs/common';
import { ApiCreatedResponse, ApiNoContentResponse, ApiOkResponse, ApiTags } from '@nestjs/swagger';
import type { OrganisationId, RouteId } from '../../../kernel/ids.js';
import { ApiProblem, CurrentPrincipal, Requires } from '../../../platform/http/access.js';
import { organisationScope } from '../../../platform/http/organisation-scope.js';
import { ApiPage, decodeCursor, type Page, PageQuery, pageOf } from '../../../platform/http/pagination.js';
import type { Principal } from '../../../platform/http/principal.js';
import { ParseIdPipe } from '../../../platform/http/validation.js';
import { CreateRoute } from '../core/create-route.js';
import { DeleteRoute } from '../core/delete-route.js';
import { ReadRoutes } from '../core/read-routes.js';
import { ReplaceRoute } from '../core/replace-route.js';
import { RouteDto, WriteRouteDto } from './routes.dto.js';

@ApiTags('Routes')
@Controller('api/v1/organisations/:organisationId/routes')
export class RoutesController {
  constructor(
    private readonly createRoute: CreateRoute,
    private readonly replaceRoute: ReplaceRoute,
    private readonly deleteRoute: DeleteRoute,
    private readonly routes: ReadRoutes,
  ) {}

  /** Make a model name lead to one or more upstreams, in the order to try. */
  @Post()
  @Requires('routes:write')
  @ApiCreatedResponse({ type: RouteDto })
  @ApiProblem(400, 'A field is not valid, or a target names no credential of the organisation.')
  @ApiProblem(404, 'No such organisation or project (`tenants/organisation_not_found`, `tenants/project_not_found`).')
  @ApiProblem(409, 'The model has a route in that place already (`routing/model_taken`).')
  create(
    @Param('organisationId', ParseIdPipe) organisationId: OrganisationId,
    @Body() body: WriteRouteDto,
    @CurrentPrincipal() principal: Principal,
  ): Promise<RouteDto> {
    organisationScope(principal, organisationId);
    return this.createRoute.run(principal, organisationId, body);
  }

  /** List an organisation's routes, oldest first. */
  @Get()
  @Requires('routes:read')
  @ApiPage(RouteDto)
  @ApiProblem(404, 'No such organisation (`tenants/organisation_not_found`).')
  async list(
    @Param('organisationId', ParseIdPipe) organisationId: OrganisationId,
    @Query() { cursor, limit }: PageQuery,
    @CurrentPrincipal() principal: Principal,
  ): Promise<Page<RouteDto>> {
    organisationScope(principal, organisationId);
    const after = decodeCursor(cursor, { id: 'id' })?.id as RouteId | undefined;
    const rows = await this.routes.list(organisationId, { after, limit: limit + 1 });
    return pageOf(
      rows,
      limit,
      ({ id }) => ({ id }),
      (row) => row,
    );
  }

  /** Show one route. */
  @Get(':routeId')
  @Requires('routes:read')
  @ApiOkResponse({ type: RouteDto })
  @ApiProblem(404, 'No such route (`routing/not_found`).')
  get(
    @Param('organisationId', ParseIdPipe) organisationId: OrganisationId,
    @Param('routeId', ParseIdPipe) id: RouteId,
    @CurrentPrincipal() principal: Principal,
  ): Promise<RouteDto> {
    organisationScope(principal, organisationId);
    return this.routes.get({ organisationId, id });
  }

  /** Replace a route as a whole. Every replica follows within a second. */
  @Put(':routeId')
  @Requires('routes:write')
  @ApiOkResponse({ type: RouteDto })
  @ApiProblem(400, 'A field is not valid, or a target names no credential of the organisation.')
  @ApiProblem(404, 'No such route, organisation or project (`routing/not_found`, `tenants/*_not_found`).')
  @ApiProblem(409, 'The model has a route in that place already (`routing/model_taken`).')
  replace(
    @Param('organisationId', ParseIdPipe) organisationId: OrganisationId,
    @Param('routeId', ParseIdPipe) id: RouteId,
    @Body() body: WriteRouteDto,
    @CurrentPrincipal() principal: Principal,
  ): Promise<RouteDto> {
    organisationScope(principal, organisationId);
    return this.replaceRoute.run(principal, { organisationId, id }, body);
  }

  /** Delete a route. A less specific one may take its place. */
  @Delete(':routeId')
  @HttpCode(204)
  @Requires('routes:write')
  @ApiNoContentResponse()
  @ApiProblem(404, 'No such route (`routing/not_found`).')
  delete(
    @Param('organisationId', ParseIdPipe) organisationId: OrganisationId,
    @Param('routeId', ParseIdPipe) id: RouteId,
    @CurrentPrincipal() principal: Principal,
  ): Promise<void> {
    organisationScope(principal, organisationId);
    return this.deleteRoute.run(principal, { organisationId, id });
  }
}
