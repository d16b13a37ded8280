import { Controller, Get, Param, Req } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { FastifyRequest } from 'fastify';
import { ApiProblem, Public } from '../../../platform/http/access.js';
import { RateLimited } from '../../../platform/http/rate-limit.guard.js';
import { SessionCookies } from '../../../platform/http/session-cookies.js';
import { LookAtLink } from '../core/links/look-at-link.js';
import { LinkDto } from './sign-in.dto.js';

@ApiTags('Sign-in')
@Controller('api/v1/links')
export class LinksController {
  constructor(
    private readonly links: LookAtLink,
    private readonly cookies: SessionCookies,
  ) {}

  /** Says what a mailed link is for. It is used up by a POST alone, since programs that scan mail open links as well. */
  @Get(':token')
  @Public()
  @RateLimited(120)
  @ApiProblem(410, 'The link is not valid any more (`accounts/link_not_valid`).')
  async look(@Param('token') token: string, @Req() request: FastifyRequest): Promise<LinkDto> {
    const { remoteAddress } = this.cookies.originOf(request);
    return LinkDto.of(await this.links.run(token, this.cookies.browserNonce(request), remoteAddress));
  }
}
