import { Body, Controller, Get, Param, Patch } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { WINDOWED_CLASSES, type WindowedClass } from '../../../contracts/data-classes.js';
import { PolicyProfile } from '../../../contracts/policy-profile.js';
import { invalidRequest } from '../../../kernel/errors.js';
import type { OrganisationId } from '../../../kernel/ids.js';
import { ApiProblem, CurrentPrincipal, Requires, RequiresRecentProof } from '../../../platform/http/access.js';
import { organisationScope } from '../../../platform/http/organisation-scope.js';
import type { Principal } from '../../../platform/http/principal.js';
import { ParseIdPipe } from '../../../platform/http/validation.js';
import { ChangeOrganisationPolicy, PolicyDesk } from '../core/windows/change-organisation-policy.js';
import { AskForDaysDto, OrganisationPolicyDto } from './organisation-policy.dto.js';

/** Twenty years. */
const MOST_DAYS = 7_305;

@ApiTags('Retention')
@Controller('api/v1/organisations/:organisationId/retention')
export class OrganisationPolicyController {
  constructor(
    private readonly desk: PolicyDesk,
    private readonly profile: PolicyProfile,
    private readonly changes: ChangeOrganisationPolicy,
  ) {}

  /** Reads how long everything of an organisation is kept, and what it may ask for. */
  @Get()
  @Requires('retention:read')
  @ApiProblem(404, 'There is no such organisation (`lethe/not_found`).')
  async read(
    @Param('organisationId', ParseIdPipe) id: OrganisationId,
    @CurrentPrincipal() principal: Principal,
  ): Promise<OrganisationPolicyDto> {
    organisationScope(principal, id);
    const policy = await this.desk.unitOfWork.forOrganisation(id, (tx) => this.desk.policies.find(tx, id));
    return OrganisationPolicyDto.of(this.profile, policy);
  }

  /** Asks for windows of the organisation's own. What is stored already goes earlier when a window becomes shorter, and never later. */
  @Patch()
  @Requires('retention:write')
  @RequiresRecentProof()
  @ApiProblem(400, 'The profile does not allow the window (`lethe/invalid_request`).')
  @ApiProblem(404, 'There is no such organisation (`lethe/not_found`).')
  async ask(
    @Param('organisationId', ParseIdPipe) id: OrganisationId,
    @Body() { days }: AskForDaysDto,
    @CurrentPrincipal() principal: Principal,
  ): Promise<OrganisationPolicyDto> {
    organisationScope(principal, id);
    requireDays(days);
    return OrganisationPolicyDto.of(this.profile, await this.changes.ask(id, days, principal));
  }
}

function requireDays(days: Readonly<Record<string, unknown>>): void {
  const problems = Object.entries(days).flatMap(([dataClass, value]) => {
    if (!WINDOWED_CLASSES.includes(dataClass as WindowedClass))
      return [{ field: 'days', message: `must name data classes only: ${WINDOWED_CLASSES.join(', ')}` }];
    const isDays = value === null || (Number.isInteger(value) && Number(value) >= 0 && Number(value) <= MOST_DAYS);
    return isDays ? [] : [{ field: `days.${dataClass}`, message: `must be whole days from 0 to ${MOST_DAYS}, or null` }];
  });
  if (problems.length > 0) throw invalidRequest(problems);
}
