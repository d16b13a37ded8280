import { Body, Controller, Param, Patch, Req } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { FastifyRequest } from 'fastify';
import type { OrganisationId } from '../../../kernel/ids.js';
import { Settings } from '../../../platform/config/settings.js';
import { ApiProblem, CurrentPrincipal, Requires, RequiresRecentProof } from '../../../platform/http/access.js';
import { clientAddressReader } from '../../../platform/http/client-address.js';
import { organisationScope } from '../../../platform/http/organisation-scope.js';
import type { Principal } from '../../../platform/http/principal.js';
import { ParseIdPipe } from '../../../platform/http/validation.js';
import { UpdateOrganisation } from '../core/update-organisation.js';
import { UpdateOwnOrganisation } from '../core/update-own-organisation.js';
import { OrganisationDto, UpdateOrganisationDto } from './organisations.dto.js';

@ApiTags('Organisations')
@Controller('api/v1/organisations')
export class OrganisationChangesController {
  private readonly clientAddress: ReturnType<typeof clientAddressReader>;

  constructor(
    private readonly changes: UpdateOrganisation,
    private readonly ownChanges: UpdateOwnOrganisation,
    settings: Settings,
  ) {
    this.clientAddress = clientAddressReader(settings.trustedProxies);
  }

  /** Renames, suspends or reactivates an organisation, or changes what it asks of its members. */
  @Patch(':organisationId')
  @Requires('organisations:write')
  @RequiresRecentProof()
  @ApiProblem(404, 'There is no such organisation (`tenants/organisation_not_found`).')
  @ApiProblem(
    409,
    'The operator organisation cannot be suspended (`tenants/operator_cannot_be_suspended`), or who demands a second factor has none (`tenants/second_factor_missing`).',
  )
  async update(
    @Param('organisationId', ParseIdPipe) id: OrganisationId,
    @Body() body: UpdateOrganisationDto,
    @CurrentPrincipal() principal: Principal,
    @Req() request: FastifyRequest,
  ): Promise<OrganisationDto> {
    organisationScope(principal, id);
    if (principal.kind !== 'account') return OrganisationDto.of(await this.changes.run(id, body, principal));
    return OrganisationDto.of(await this.ownChanges.run(id, body, principal, this.clientAddress(request.raw)));
  }
}
