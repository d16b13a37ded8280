import { Controller, Get, Headers, HttpCode, Param, Post, Query } from '@nestjs/common';
import { ApiOkResponse, ApiTags } from '@nestjs/swagger';
import type { OrganisationId } from '../../../kernel/ids.js';
import { ApiProblem, CurrentPrincipal, Requires } from '../../../platform/http/access.js';
import { organisationScope } from '../../../platform/http/organisation-scope.js';
import { ApiPage, decodeCursor, type Page, pageOf } from '../../../platform/http/pagination.js';
import type { Principal } from '../../../platform/http/principal.js';
import { ParseIdPipe } from '../../../platform/http/validation.js';
import { ReadNotices } from '../core/read-notices.js';
import type { NoticeId } from '../data/account-notice.entity.js';
import { toNotice } from './notice-view.js';
import { NoticeDto, NoticeQuery } from './notices.dto.js';

@ApiTags('Notifications')
@Controller('api/v1/organisations/:organisationId/notices')
export class OrganisationNoticesController {
  constructor(private readonly notices: ReadNotices) {}

  /** List what an organisation was told, newest first. */
  @Get()
  @Requires('notices:read')
  @ApiPage(NoticeDto)
  async list(
    @Param('organisationId', ParseIdPipe) organisationId: OrganisationId,
    @Query() { cursor, limit, unread }: NoticeQuery,
    @CurrentPrincipal() principal: Principal,
    @Headers('accept-language') language: string | undefined,
  ): Promise<Page<NoticeDto>> {
    organisationScope(principal, organisationId);
    const before = decodeCursor(cursor, { id: 'id' })?.id as NoticeId | undefined;
    const rows = await this.notices.list({ organisationId }, { before, limit: limit + 1, unreadOnly: unread });
    return pageOf(
      rows,
      limit,
      ({ id }) => ({ id }),
      (row) => toNotice(row, language),
    );
  }

  /** Mark a notice as read, for everybody in the organisation. */
  @Post(':noticeId/read')
  @HttpCode(200)
  @Requires('notices:write')
  @ApiOkResponse({ type: NoticeDto })
  @ApiProblem(404, 'No such notice (`notifications/notice_not_found`).')
  async markRead(
    @Param('organisationId', ParseIdPipe) organisationId: OrganisationId,
    @Param('noticeId', ParseIdPipe) id: NoticeId,
    @CurrentPrincipal() principal: Principal,
    @Headers('accept-language') language: string | undefined,
  ): Promise<NoticeDto> {
    organisationScope(principal, organisationId);
    return toNotice(await this.notices.markRead(principal, { organisationId }, id), language);
  }
}
