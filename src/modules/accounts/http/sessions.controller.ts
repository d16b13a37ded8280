import { Body, Controller, Delete, Get, HttpCode, Param, Post, Res } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import type { SessionId } from '../../../kernel/ids.js';
import { ApiProblem, CurrentAccount, CurrentSignIn, FinishesSignIn, Requires } from '../../../platform/http/access.js';
import type { AccountPrincipal, SignInProgress } from '../../../platform/http/principal.js';
import { SessionCookies } from '../../../platform/http/session-cookies.js';
import { ParseIdPipe } from '../../../platform/http/validation.js';
import { EndSession } from '../core/sessions/end-session.js';
import { ListSessions } from '../core/sessions/list-sessions.js';
import { SessionDto, SessionsDto } from './sessions.dto.js';
import { accountsErrors } from '../accounts.errors.js';
import { SignedInDto, SignOutDto } from './sign-in.dto.js';

@ApiTags('Sessions')
@Controller('api/v1')
export class SessionsController {
  constructor(
    private readonly sessions: ListSessions,
    private readonly ending: EndSession,
    private readonly cookies: SessionCookies,
  ) {}

  /** Lists the browsers one is signed in with. */
  @Get('sessions')
  @Requires('account:manage')
  async list(@CurrentAccount() { id, sessionId }: AccountPrincipal): Promise<SessionsDto> {
    return { data: (await this.sessions.run(id)).map((session) => SessionDto.of(session, sessionId)) };
  }

  /** Says how far this browser has come with signing in, and its CSRF token. */
  @Get('sessions/current')
  @FinishesSignIn()
  current(@CurrentSignIn() signIn: SignInProgress): SignedInDto {
    return SignedInDto.of(signIn);
  }

  /** Ends one of one's sessions. Every replica refuses it from the next request on. */
  @Delete('sessions/:sessionId')
  @HttpCode(204)
  @Requires('account:manage')
  @ApiProblem(404, 'The account has no such session (`accounts/session_not_found`).')
  async end(@Param('sessionId', ParseIdPipe) sessionId: SessionId, @CurrentAccount() { id }: AccountPrincipal): Promise<void> {
    await this.ending.one(id, sessionId);
  }

  /** Signs out: ends this session, or all of one's sessions. All of them only when signing in is finished: a password alone ends nobody else's. */
  @Post('sign-out')
  @HttpCode(204)
  @FinishesSignIn()
  async signOut(
    @Body() body: SignOutDto,
    @CurrentSignIn() { accountId, sessionId, state }: SignInProgress,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<void> {
    if (body.everywhere && state !== 'complete') throw accountsErrors.second_factor_required({ details: { state } });
    if (body.everywhere) await this.ending.all(accountId);
    else await this.ending.one(accountId, sessionId);
    this.cookies.signedOut(reply);
  }
}
