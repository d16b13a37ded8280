import { Body, Controller, Param, Post, Res } from '@nestjs/common';
import { ApiConsumes, ApiResponse, ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import type { IdentityProviderId } from '../../../../kernel/ids.js';
import { ApiProblem, Public } from '../../../../platform/http/access.js';
import { CountsSignIn } from '../../../../platform/http/counted-sign-in.js';
import { RateLimited } from '../../../../platform/http/rate-limit.guard.js';
import { ParseIdPipe } from '../../../../platform/http/validation.js';
import { Speaks } from '../../../../platform/http/wire-form.js';
import { ConsumeResponse } from '../../core/saml/consume-response.js';
import { SamlResponseForm } from './saml-sign-in.dto.js';

/** Where identity providers send browsers with their answers. The one route that takes a form of another site's. */
@ApiTags('Sign-in')
@Controller('api/v1/sign-in/saml/:providerId')
export class SamlConsumerController {
  constructor(private readonly consumption: ConsumeResponse) {}

  /** The assertion consumer service: takes the identity provider's answer and sends the browser on to finish. Sets no cookie and reads none. */
  @Post('consume')
  @CountsSignIn('saml')
  @Public()
  @Speaks({ takes: 'application/x-www-form-urlencoded' })
  @RateLimited(60)
  @ApiConsumes('application/x-www-form-urlencoded')
  @ApiResponse({ status: 303, description: 'The answer is accepted; the browser finishes at the address named.' })
  @ApiProblem(
    400,
    'The answer is not valid (`saml/response_refused`, with a reason), or was not asked for (`federation/attempt_not_found`).',
  )
  @ApiProblem(404, 'No such provider, or it is switched off (`federation/provider_not_found`).')
  @ApiProblem(413, 'The answer is larger than 256 kB (`saml/response_too_large`, `http/body_too_large`).')
  async consume(
    @Param('providerId', ParseIdPipe) providerId: IdentityProviderId,
    @Body() { SAMLResponse: samlResponse, RelayState: relayState }: SamlResponseForm,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const location = await this.consumption.run({ providerId, samlResponse, relayState: relayState ?? null });
    await reply.code(303).headers({ location, 'cache-control': 'no-store' }).send();
  }
}
