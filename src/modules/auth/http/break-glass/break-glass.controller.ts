import { Body, Controller, Delete, Get, HttpCode, Param, Post, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { Clock } from '../../../../kernel/clock.js';
import type { BreakGlassId, OrganisationId } from '../../../../kernel/ids.js';
import { ApiProblem, CurrentPrincipal, Requires, RequiresRecentProof } from '../../../../platform/http/access.js';
import { httpErrors } from '../../../../platform/http/http.errors.js';
import { ApiPage, decodeCursor, type Page, pageOf } from '../../../../platform/http/pagination.js';
import type { Principal } from '../../../../platform/http/principal.js';
import { ParseIdPipe } from '../../../../platform/http/validation.js';
import { CloseBreakGlass } from '../../core/break-glass/close-break-glass.js';
import { OpenBreakGlass } from '../../core/break-glass/open-break-glass.js';
import { ReadBreakGlass } from '../../core/break-glass/read-break-glass.js';
import { BreakGlassDto, BreakGlassQuery, OpenBreakGlassDto } from './break-glass.dto.js';

@ApiTags('Break-glass')
@Controller('admin/v1/break-glass')
export class BreakGlassController {
  constructor(
    private readonly opening: OpenBreakGlass,
    private readonly closing: CloseBreakGlass,
    private readonly reading: ReadBreakGlass,
    private readonly clock: Clock,
  ) {}

  /**
   * Opens an organisation's own data to whoever asks, for reading, until its time is up. The organisation is told at once and sees every
   * request made under it. Asks for a person on duty and a second factor shown within the last ten minutes.
   */
  @Post()
  @Requires('break_glass:write')
  @RequiresRecentProof()
  @ApiProblem(404, 'There is no such organisation (`lethe/not_found`).')
  @ApiProblem(409, 'You have it open already (`auth/break_glass_open`).')
  async open(@Body() body: OpenBreakGlassDto, @CurrentPrincipal() principal: Principal): Promise<BreakGlassDto> {
    if (principal.kind !== 'operator') throw httpErrors.forbidden();
    const { reason, ticket, minutes } = body;
    const organisationId = body.organisationId.toLowerCase() as OrganisationId;
    const grant = await this.opening.run(principal, { organisationId, reason, ticket, minutes });
    return BreakGlassDto.of(grant, this.clock.nowMs());
  }

  /** Lists break-glass grants, newest first, closed ones too. */
  @Get()
  @Requires('break_glass:read')
  @ApiPage(BreakGlassDto)
  async list(@Query() query: BreakGlassQuery): Promise<Page<BreakGlassDto>> {
    const before = decodeCursor(query.cursor, { id: 'id' })?.id as BreakGlassId | undefined;
    const organisationId = query.organisationId as OrganisationId | undefined;
    const rows = await this.reading.list({ organisationId, before }, query.limit + 1);
    const nowMs = this.clock.nowMs();
    return pageOf(
      rows,
      query.limit,
      ({ id }) => ({ id }),
      (grant) => BreakGlassDto.of(grant, nowMs),
    );
  }

  /** Closes a grant, from the next request on. Closing it again changes nothing. */
  @Delete(':grantId')
  @HttpCode(204)
  @Requires('break_glass:write')
  @ApiProblem(404, 'There is no such grant (`auth/break_glass_not_found`).')
  async close(@Param('grantId', ParseIdPipe) id: BreakGlassId, @CurrentPrincipal() principal: Principal): Promise<void> {
    await this.closing.run(id, principal);
  }
}
