import { Body, Controller, Get, Param, Patch } from '@nestjs/common';
import { ApiOkResponse, ApiTags } from '@nestjs/swagger';
import { invalidRequest } from '../../../kernel/errors.js';
import type { OrganisationId } from '../../../kernel/ids.js';
import { ApiProblem, CurrentPrincipal, Requires } from '../../../platform/http/access.js';
import { organisationScope } from '../../../platform/http/organisation-scope.js';
import type { Principal } from '../../../platform/http/principal.js';
import { ParseIdPipe } from '../../../platform/http/validation.js';
import { ChangeSetting } from '../core/gate/change-setting.js';
import { ChangeContentSettingDto, ContentSettingDto } from './content.dto.js';

@ApiTags('Content')
@Controller('api/v1/organisations/:organisationId/content-setting')
export class ContentSettingController {
  constructor(private readonly setting: ChangeSetting) {}

  /** Show which content an organisation wants kept, and for how long that is under its profile and plan. */
  @Get()
  @Requires('content_policy:read')
  @ApiOkResponse({ type: ContentSettingDto })
  @ApiProblem(404, 'No such organisation (`tenants/organisation_not_found`).')
  read(
    @Param('organisationId', ParseIdPipe) organisationId: OrganisationId,
    @CurrentPrincipal() principal: Principal,
  ): Promise<ContentSettingDto> {
    organisationScope(principal, organisationId);
    return this.setting.read(organisationId);
  }

  /** Say which content is to be kept, within what the profile allows. Holds for calls from then on; what is stored stays for its window. */
  @Patch()
  @Requires('content_policy:write')
  @ApiOkResponse({ type: ContentSettingDto })
  @ApiProblem(400, 'There is nothing to change, or a field is not valid.')
  @ApiProblem(404, 'No such organisation (`tenants/organisation_not_found`).')
  @ApiProblem(409, 'The profile has no window for what is to be kept (`content/not_in_profile`).')
  change(
    @Param('organisationId', ParseIdPipe) organisationId: OrganisationId,
    @Body() { payloads, samplePerMille, failedInputs }: ChangeContentSettingDto,
    @CurrentPrincipal() principal: Principal,
  ): Promise<ContentSettingDto> {
    organisationScope(principal, organisationId);
    const change = {
      ...(payloads === undefined ? {} : { payloads }),
      ...(samplePerMille === undefined ? {} : { samplePerMille }),
      ...(failedInputs === undefined ? {} : { failedInputs }),
    };
    if (Object.keys(change).length === 0) throw invalidRequest([{ field: 'payloads', message: 'or another field must be given' }]);
    return this.setting.run(principal, organisationId, change);
  }
}
