import { Controller, Get } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { Settings } from '../../../platform/config/settings.js';
import { Public } from '../../../platform/http/access.js';
import { RateLimited } from '../../../platform/http/rate-limit.guard.js';
import { SignInWaysDto } from './sign-in.dto.js';

@ApiTags('Sign-in')
@Controller('api/v1/sign-in')
export class SignInWaysController {
  constructor(private readonly settings: Settings) {}

  /** Says how people can sign in and up here. */
  @Get()
  @Public()
  @RateLimited(120)
  ways(): SignInWaysDto {
    const { signInMethods, signUp, signUpIdentifiers, minimumAge } = this.settings;
    return { methods: [...signInMethods], signUp, signUpIdentifiers: [...signUpIdentifiers], minimumAge };
  }
}
