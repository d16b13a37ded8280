import { Controller, Get, Headers, HttpCode, Param, Post, Query } from '@nestjs/common';
import { ApiOkResponse, ApiTags } from '@nestjs/swagger';
import { ApiProblem, CurrentAccount, Requires } from '../../../platform/http/access.js';
import { ApiPage, decodeCursor, type Page, pageOf } from '../../../platform/http/pagination.js';
import type { AccountPrincipal } from '../../../platform/http/principal.js';
import { ParseIdPipe } from '../../../platform/http/validation.js';
import { ReadNotices } from '../core/read-notices.js';
import type { NoticeId } from '../data/account-notice.entity.js';
import { toNotice } from './notice-view.js';
import { NoticeDto, NoticeQuery } from './notices.dto.js';

@ApiTags('Notifications')
@Controller('api/v1/account/notices')
export class AccountNoticesController {
  constructor(private readonly notices: ReadNotices) {}

  /** List what your account was told, newest first. */
  @Get()
  @Requires('account:manage')
  @ApiPage(NoticeDto)
  async list(
    @Query() { cursor, limit, unread }: NoticeQuery,
    @CurrentAccount() account: AccountPrincipal,
    @Headers('accept-language') language: string | undefined,
  ): Promise<Page<NoticeDto>> {
    const before = decodeCursor(cursor, { id: 'id' })?.id as NoticeId | undefined;
    const rows = await this.notices.list({ accountId: account.id }, { before, limit: limit + 1, unreadOnly: unread });
    return pageOf(
      rows,
      limit,
      ({ id }) => ({ id }),
      (row) => toNotice(row, language),
    );
  }

  /** Mark a notice as read. */
  @Post(':noticeId/read')
  @HttpCode(200)
  @Requires('account:manage')
  @ApiOkResponse({ type: NoticeDto })
  @ApiProblem(404, 'No such notice (`notifications/notice_not_found`).')
  async markRead(
    @Param('noticeId', ParseIdPipe) id: NoticeId,
    @CurrentAccount() account: AccountPrincipal,
    @Headers('accept-language') language: string | undefined,
  ): Promise<NoticeDto> {
    return toNotice(await this.notices.markRead(account, { accountId: account.id }, id), language);
  }
}
