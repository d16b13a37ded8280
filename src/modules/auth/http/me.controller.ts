import { Controller, Get } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { CurrentPrincipal, Requires } from '../../../platform/http/access.js';
import type { Principal } from '../../../platform/http/principal.js';
import { MeDto } from './me.dto.js';

@ApiTags('Me')
@Controller('api/v1/me')
export class MeController {
  /** Says whose token or key this is and what it may do. */
  @Get()
  @Requires('identity:read')
  read(@CurrentPrincipal() principal: Principal): MeDto {
    return MeDto.of(principal);
  }
}
