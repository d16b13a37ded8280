import { Controller, Get, Header, Headers, HttpCode, Param, Post } from '@nestjs/common';
import { ApiOkResponse, ApiTags } from '@nestjs/swagger';
import { ApiProblem, Public } from '../../../platform/http/access.js';
import { RateLimited } from '../../../platform/http/rate-limit.guard.js';
import { IgnoresForm } from '../../../platform/http/route-body.js';
import { ChangePreferences } from '../core/change-preferences.js';
import { escapeHtml, page } from '../core/render-message.js';
import { UnsubscribeLinks } from '../core/unsubscribe-links.js';
import { languageAccepted } from '../templates/languages.js';

const PER_MINUTE = 60;
const HTML = 'text/html; charset=utf-8';
/** As the API's own policy, but that the page's one button may post to where it came from. */
const PAGE_POLICY = "default-src 'none'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'";

/** Ends mails of a kind for whoever holds the link that came with one. The link can do nothing else. */
@ApiTags('Notifications')
@Controller('api/v1/unsubscribe')
export class UnsubscribeController {
  constructor(
    private readonly links: UnsubscribeLinks,
    private readonly preferences: ChangePreferences,
  ) {}

  /** Ask whether to stop mails of a kind. Changes nothing: mail scanners follow links (RFC 8058 §4). */
  @Get(':token')
  @Public()
  @RateLimited(PER_MINUTE)
  @Header('content-type', HTML)
  @Header('content-security-policy', PAGE_POLICY)
  @ApiOkResponse({ description: 'A page with one button.', content: { 'text/html': { schema: { type: 'string' } } } })
  @ApiProblem(400, 'The link is damaged (`notifications/unsubscribe_link_invalid`).')
  ask(@Param('token') token: string, @Headers('accept-language') accepted: string | undefined): string {
    this.links.read(token);
    const language = languageAccepted(accepted);
    const { ask, button } = language.unsubscribePage;
    return page(language, language.unsubscribe, [
      `<p>${escapeHtml(ask)}</p>`,
      `<form method="post"><button type="submit">${escapeHtml(button)}</button></form>`,
    ]);
  }

  /** Stop mails of a kind, with one click and without signing in (RFC 8058). */
  @Post(':token')
  @HttpCode(200)
  @Public()
  @IgnoresForm()
  @RateLimited(PER_MINUTE)
  @Header('content-type', HTML)
  @Header('content-security-policy', PAGE_POLICY)
  @ApiOkResponse({ description: 'A page that says so.', content: { 'text/html': { schema: { type: 'string' } } } })
  @ApiProblem(400, 'The link is damaged (`notifications/unsubscribe_link_invalid`).')
  async unsubscribe(@Param('token') token: string, @Headers('accept-language') accepted: string | undefined): Promise<string> {
    const { accountId, category } = this.links.read(token);
    await this.preferences.unsubscribe(accountId, category);
    const language = languageAccepted(accepted);
    return page(language, language.unsubscribe, [`<p>${escapeHtml(language.unsubscribePage.done)}</p>`]);
  }
}
