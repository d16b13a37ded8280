import { Body, Controller, Get, Patch, Put } from '@nestjs/common';
import { ApiOkResponse, ApiTags } from '@nestjs/swagger';
import { ApiProblem, CurrentAccount, Requires } from '../../../platform/http/access.js';
import type { AccountPrincipal } from '../../../platform/http/principal.js';
import { ChangePreferences } from '../core/change-preferences.js';
import { ChangePreferencesDto, MarketingConsentDto, PreferencesDto } from './preferences.dto.js';

@ApiTags('Notifications')
@Controller('api/v1/account')
export class PreferencesController {
  constructor(private readonly preferences: ChangePreferences) {}

  /** Show what your account is told by mail. */
  @Get('notification-preferences')
  @Requires('account:manage')
  @ApiOkResponse({ type: PreferencesDto })
  get(@CurrentAccount() account: AccountPrincipal): Promise<PreferencesDto> {
    return this.preferences.read(account.id);
  }

  /** Choose what your account is told by mail. Security messages always are. */
  @Patch('notification-preferences')
  @Requires('account:manage')
  @ApiOkResponse({ type: PreferencesDto })
  @ApiProblem(400, 'A field is not valid.')
  change(@Body() body: ChangePreferencesDto, @CurrentAccount() account: AccountPrincipal): Promise<PreferencesDto> {
    return this.preferences.setByMail(account, account.id, body.organisation == null ? {} : { organisation: body.organisation });
  }

  /** Give or withdraw your consent to advertising by mail. Without it there is none. */
  @Put('marketing-consent')
  @Requires('account:manage')
  @ApiOkResponse({ type: PreferencesDto })
  @ApiProblem(400, 'A field is not valid.')
  consent(@Body() { granted, version }: MarketingConsentDto, @CurrentAccount() account: AccountPrincipal): Promise<PreferencesDto> {
    return this.preferences.setConsent(account, account.id, { granted, version });
  }
}
