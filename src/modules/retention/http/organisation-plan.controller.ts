import { Body, Controller, Param, Put } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { PolicyProfile } from '../../../contracts/policy-profile.js';
import type { OrganisationId } from '../../../kernel/ids.js';
import { ApiProblem, CurrentPrincipal, Requires } from '../../../platform/http/access.js';
import { organisationScope } from '../../../platform/http/organisation-scope.js';
import type { Principal } from '../../../platform/http/principal.js';
import { ParseIdPipe } from '../../../platform/http/validation.js';
import { ChangeOrganisationPolicy } from '../core/windows/change-organisation-policy.js';
import { OrganisationPolicyDto, PutOnPlanDto } from './organisation-policy.dto.js';

@ApiTags('Retention')
@Controller('admin/v1/organisations/:organisationId/plan')
export class OrganisationPlanController {
  constructor(
    private readonly profile: PolicyProfile,
    private readonly changes: ChangeOrganisationPolicy,
  ) {}

  /** Puts an organisation on a plan of the profile in force. A plan with shorter windows shortens what is stored already (D2). */
  @Put()
  @Requires('plans:write')
  @ApiProblem(400, 'The profile has no such plan (`lethe/invalid_request`).')
  @ApiProblem(404, 'There is no such organisation (`lethe/not_found`).')
  async put(
    @Param('organisationId', ParseIdPipe) id: OrganisationId,
    @Body() { plan }: PutOnPlanDto,
    @CurrentPrincipal() principal: Principal,
  ): Promise<OrganisationPolicyDto> {
    organisationScope(principal, id);
    return OrganisationPolicyDto.of(this.profile, await this.changes.putOnPlan(id, plan, principal));
  }
}
