import { Body, Controller, HttpCode, Post } from '@nestjs/common';
import { ApiOkResponse, ApiTags } from '@nestjs/swagger';
import { ApiProblem, CurrentPrincipal, Requires, RequiresRecentProof } from '../../../platform/http/access.js';
import type { Principal } from '../../../platform/http/principal.js';
import { CapturedDomains } from '../core/captured-domains.js';
import { ClaimDomainDto, DomainDto } from './captured-domains.dto.js';

/** The way out for an organisation whose provider is gone, and with it everybody who could say so. */
@ApiTags('Identity providers')
@Controller('admin/v1/single-sign-on/lift')
export class SingleSignOnLiftController {
  constructor(private readonly domains: CapturedDomains) {}

  /** Let the people of a domain sign in as others do again. The domain and its provider stay; the organisation sees it in its audit log. */
  @Post()
  @HttpCode(200)
  @Requires('installation_providers:write')
  @RequiresRecentProof()
  @ApiOkResponse({ type: DomainDto })
  @ApiProblem(404, 'No organisation has proven this domain (`federation/domain_not_found`).')
  async lift(@Body() { domain }: ClaimDomainDto, @CurrentPrincipal() principal: Principal): Promise<DomainDto> {
    return DomainDto.of(await this.domains.lift(principal, domain));
  }
}
