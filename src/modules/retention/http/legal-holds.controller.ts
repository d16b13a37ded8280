import { Body, Controller, Delete, Get, HttpCode, Param, Post, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { LegalHoldId } from '../../../contracts/legal-holds.js';
import type { AccountId, OrganisationId } from '../../../kernel/ids.js';
import { ApiProblem, CurrentPrincipal, Requires, RequiresRecentProof } from '../../../platform/http/access.js';
import { httpErrors } from '../../../platform/http/http.errors.js';
import { ApiPage, decodeCursor, type Page, pageOf } from '../../../platform/http/pagination.js';
import type { OperatorPrincipal, Principal } from '../../../platform/http/principal.js';
import { ParseIdPipe } from '../../../platform/http/validation.js';
import { PlaceHold } from '../core/holds/place-hold.js';
import { ReadHolds } from '../core/holds/read-holds.js';
import { ReleaseHold } from '../core/holds/release-hold.js';
import { LegalHoldDto, LegalHoldsQuery, LegalHoldViewDto, PlaceHoldDto } from './legal-holds.dto.js';

@ApiTags('Legal holds')
@Controller('admin/v1/legal-holds')
export class LegalHoldsController {
  constructor(
    private readonly placing: PlaceHold,
    private readonly releasing: ReleaseHold,
    private readonly reading: ReadHolds,
  ) {}

  /**
   * Places a legal hold: what it covers is kept, whatever its window says and whoever deletes it, until it is released. Nothing else is.
   */
  @Post()
  @Requires('holds:write')
  @RequiresRecentProof()
  @ApiProblem(400, 'The scope names nobody, somebody who is not there, or nothing that could be held (`lethe/invalid_request`).')
  async place(@Body() body: PlaceHoldDto, @CurrentPrincipal() principal: Principal): Promise<LegalHoldDto> {
    const { matter, reason, dataClasses } = body;
    const hold = await this.placing.run(operator(principal), {
      matter,
      reason,
      dataClasses,
      organisationId: (body.organisationId?.toLowerCase() ?? null) as OrganisationId | null,
      accountId: (body.accountId?.toLowerCase() ?? null) as AccountId | null,
      fromAt: moment(body.from),
      toAt: moment(body.to),
    });
    return LegalHoldDto.of(hold);
  }

  /** Lists legal holds, newest first, those that are over too. */
  @Get()
  @Requires('holds:read')
  @ApiPage(LegalHoldDto)
  async list(@Query() query: LegalHoldsQuery, @CurrentPrincipal() principal: Principal): Promise<Page<LegalHoldDto>> {
    operator(principal);
    const before = decodeCursor(query.cursor, { id: 'id' })?.id as LegalHoldId | undefined;
    const organisationId = query.organisationId as OrganisationId | undefined;
    const rows = await this.reading.list({ organisationId, before }, query.limit + 1);
    return pageOf(rows, query.limit, ({ id }) => ({ id }), LegalHoldDto.of);
  }

  /** Reads one, with the tables it reaches and how much is kept aside for it. */
  @Get(':holdId')
  @Requires('holds:read')
  @ApiProblem(404, 'There is no such hold (`retention/hold_not_found`).')
  async find(@Param('holdId', ParseIdPipe) id: LegalHoldId, @CurrentPrincipal() principal: Principal): Promise<LegalHoldViewDto> {
    operator(principal);
    return LegalHoldViewDto.ofView(await this.reading.find(id));
  }

  /** Asks for the release. Another operator has to agree. */
  @Post(':holdId/release')
  @HttpCode(200)
  @Requires('holds:write')
  @ApiProblem(404, 'There is no such hold (`retention/hold_not_found`).')
  @ApiProblem(409, 'It is over, or its release has been asked for (`retention/hold_released`, `retention/release_requested`).')
  async requestRelease(@Param('holdId', ParseIdPipe) id: LegalHoldId, @CurrentPrincipal() principal: Principal): Promise<LegalHoldDto> {
    return LegalHoldDto.of(await this.releasing.request(id, operator(principal)));
  }

  /** Takes the request for a release back, or turns it down. */
  @Delete(':holdId/release')
  @HttpCode(200)
  @Requires('holds:write')
  @ApiProblem(404, 'There is no such hold (`retention/hold_not_found`).')
  @ApiProblem(409, 'It is over, or nobody asked (`retention/hold_released`, `retention/release_not_requested`).')
  async withdrawRelease(@Param('holdId', ParseIdPipe) id: LegalHoldId, @CurrentPrincipal() principal: Principal): Promise<LegalHoldDto> {
    return LegalHoldDto.of(await this.releasing.withdraw(id, operator(principal)));
  }

  /** Agrees to the release, as another operator than the one who asked. What was due goes with the next round. */
  @Post(':holdId/release/approval')
  @HttpCode(200)
  @Requires('holds:write')
  @RequiresRecentProof()
  @ApiProblem(403, 'You asked for it yourself (`retention/four_eyes`), or the permission is missing (`http/forbidden`).')
  @ApiProblem(404, 'There is no such hold (`retention/hold_not_found`).')
  @ApiProblem(409, 'It is over, or nobody asked (`retention/hold_released`, `retention/release_not_requested`).')
  async approveRelease(@Param('holdId', ParseIdPipe) id: LegalHoldId, @CurrentPrincipal() principal: Principal): Promise<LegalHoldDto> {
    return LegalHoldDto.of(await this.releasing.approve(id, operator(principal)));
  }
}

function operator(principal: Principal): OperatorPrincipal {
  if (principal.kind !== 'operator') throw httpErrors.forbidden();
  return principal;
}

function moment(text: string | undefined): Date | null {
  return text === undefined ? null : new Date(text);
}
