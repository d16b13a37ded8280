import { Body, Controller, Delete, Get, Header, HttpCode, Param, Post, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { Clock } from '../../../../kernel/clock.js';
import type { OperatorId, OperatorTokenId } from '../../../../kernel/ids.js';
import { ApiProblem, CurrentPrincipal, Requires, RequiresRecentProof } from '../../../../platform/http/access.js';
import { ApiPage, decodeCursor, type Page, PageQuery, pageOf } from '../../../../platform/http/pagination.js';
import type { Principal } from '../../../../platform/http/principal.js';
import { ParseIdPipe } from '../../../../platform/http/validation.js';
import { AdministerStaff } from '../../core/staff/administer-staff.js';
import { ReadStaff } from '../../core/staff/read-staff.js';
import { IssuedTokenDto, IssueTokenDto, OperatorTokenDto } from './staff.dto.js';

@ApiTags('Staff')
@Controller('admin/v1/staff/:operatorId/tokens')
export class OperatorTokensController {
  constructor(
    private readonly staff: AdministerStaff,
    private readonly reading: ReadStaff,
    private readonly clock: Clock,
  ) {}

  /** Lists the tokens of a member of staff, newest first, expired and revoked ones too. */
  @Get()
  @Requires('staff:read')
  @ApiPage(OperatorTokenDto)
  @ApiProblem(404, 'There is no such operator (`auth/operator_not_found`).')
  async list(@Param('operatorId', ParseIdPipe) id: OperatorId, @Query() query: PageQuery): Promise<Page<OperatorTokenDto>> {
    const before = decodeCursor(query.cursor, { id: 'id' })?.id as OperatorTokenId | undefined;
    const rows = await this.reading.listTokens(id, before, query.limit + 1);
    const nowMs = this.clock.nowMs();
    return pageOf(
      rows,
      query.limit,
      (row) => ({ id: row.id }),
      (row) => OperatorTokenDto.of(row, nowMs),
    );
  }

  /** Issues a token for a program that acts in this person's name. Its secret is in this answer and nowhere else. */
  @Post()
  @Header('cache-control', 'no-store')
  @Requires('staff:write')
  @RequiresRecentProof()
  @ApiProblem(404, 'There is no such operator (`auth/operator_not_found`).')
  @ApiProblem(409, 'The operator is disabled (`auth/operator_disabled`).')
  async issue(
    @Param('operatorId', ParseIdPipe) id: OperatorId,
    @Body() { name, expiresAt }: IssueTokenDto,
    @CurrentPrincipal() principal: Principal,
  ): Promise<IssuedTokenDto> {
    const end = expiresAt == null ? null : new Date(expiresAt);
    const { token, secret } = await this.staff.issueToken(id, { name, expiresAt: end }, principal);
    return Object.assign(OperatorTokenDto.of(token, this.clock.nowMs()), { secret });
  }

  /** Revokes a token, from its next request on. Revoking it again changes nothing. */
  @Delete(':tokenId')
  @HttpCode(204)
  @Requires('staff:write')
  @ApiProblem(404, 'The operator has no such token (`auth/operator_token_not_found`).')
  async revoke(
    @Param('operatorId', ParseIdPipe) id: OperatorId,
    @Param('tokenId', ParseIdPipe) tokenId: OperatorTokenId,
    @CurrentPrincipal() principal: Principal,
  ): Promise<void> {
    await this.staff.revokeToken(id, tokenId, principal);
  }
}
