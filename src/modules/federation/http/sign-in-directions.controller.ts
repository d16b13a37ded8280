import { Body, Controller, Get, HttpCode, Post } from '@nestjs/common';
import { ApiOkResponse, ApiTags } from '@nestjs/swagger';
import { ApiProblem, Public } from '../../../platform/http/access.js';
import { RateLimited } from '../../../platform/http/rate-limit.guard.js';
import { DiscoverSignIn } from '../core/discover-sign-in.js';
import { SignOnProviders } from '../core/sign-on-providers.js';
import { DiscoverSignInDto, OfferedProviderDto, OfferedProvidersDto, SignInDirectionDto } from './sign-in.dto.js';

/** What a sign-in page asks before anybody signs in (A1). */
@ApiTags('Sign-in')
@Controller('api/v1/sign-in')
export class SignInDirectionsController {
  constructor(
    private readonly providers: SignOnProviders,
    private readonly discovery: DiscoverSignIn,
  ) {}

  /** List the identity providers this installation lets people in through. */
  @Get('providers')
  @Public()
  @RateLimited(120)
  @ApiOkResponse({ type: OfferedProvidersDto })
  async offered(): Promise<OfferedProvidersDto> {
    return { data: (await this.providers.offered()).map(OfferedProviderDto.of) };
  }

  /** Say where people of an e-mail domain sign in. Tells nothing about who has an account. */
  @Post('discovery')
  @HttpCode(200)
  @Public()
  @RateLimited(60)
  @ApiOkResponse({ type: SignInDirectionDto })
  @ApiProblem(400, 'A field is not valid.')
  async discover(@Body() { email }: DiscoverSignInDto): Promise<SignInDirectionDto> {
    const direction = await this.discovery.run(email);
    if (direction === null) return { provider: null, required: false };
    return { provider: OfferedProviderDto.of(direction.provider), required: direction.required };
  }
}
