import { timingSafeEqual } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { Settings } from '../../../platform/config/settings.js';
import { clientAddressReader } from '../../../platform/http/client-address.js';
import { readCookie, SESSION_COOKIE } from '../../../platform/http/cookies.js';
import { httpErrors } from '../../../platform/http/http.errors.js';
import { requireOwnPage } from '../../../platform/http/own-pages.js';
import type { AccountPrincipal, SignInProgress } from '../../../platform/http/principal.js';
import { SessionAuthenticator } from '../../accounts/accounts.contract.js';

/** Methods that change nothing (RFC 9110 §9.2.1). */
const SAFE = new Set(['GET', 'HEAD', 'OPTIONS']);

/** Authenticates requests of browsers by their session cookie, and refuses those that another site's page made them send. */
@Injectable()
export class SessionSignIn {
  private readonly clientAddress: ReturnType<typeof clientAddressReader>;
  private readonly publicOrigin: string | undefined;

  constructor(
    private readonly sessions: SessionAuthenticator,
    settings: Settings,
  ) {
    this.clientAddress = clientAddressReader(settings.trustedProxies);
    this.publicOrigin = settings.publicUrl === undefined ? undefined : new URL(settings.publicUrl).origin;
  }

  /** Who is signed in, or undefined without a cookie. Raises what {@link SessionAuthenticator} does, and `http/csrf_token` and `http/cross_site`. */
  async authenticate(request: FastifyRequest): Promise<AccountPrincipal | undefined> {
    const userAgent = request.headers['user-agent'] ?? null;
    return this.read(request, async (token, remoteAddress) => {
      const { principal, csrfToken } = await this.sessions.authenticate(token, { remoteAddress, userAgent });
      return { who: principal, csrfToken };
    });
  }

  /** The session in whatever state it is, or undefined without a cookie. Raises the same. */
  async inspect(request: FastifyRequest): Promise<SignInProgress | undefined> {
    return this.read(request, async (token) => {
      const state = await this.sessions.inspect(token);
      return { who: state, csrfToken: state.csrfToken };
    });
  }

  requireOwnPage(request: FastifyRequest): void {
    requireOwnPage(request.headers, this.publicOrigin);
  }

  private async read<T>(
    request: FastifyRequest,
    look: (token: string, remoteAddress: string) => Promise<{ readonly who: T; readonly csrfToken: string }>,
  ): Promise<T | undefined> {
    const token = readCookie(request.headers, SESSION_COOKIE);
    if (token === undefined) return undefined;
    const isUnsafe = !SAFE.has(request.method);
    if (isUnsafe) this.requireOwnPage(request);
    // Not slowed by failures of its neighbours: 256 bits are not guessed, and garbage is refused without a look-up.
    const { who, csrfToken } = await look(token, this.clientAddress(request.raw));
    if (isUnsafe && !isSame(request.headers['x-csrf-token'], csrfToken)) throw httpErrors.csrf_token();
    return who;
  }
}

function isSame(presented: string | string[] | undefined, expected: string): boolean {
  if (typeof presented !== 'string') return false;
  const [a, b] = [Buffer.from(presented), Buffer.from(expected)];
  return a.length === b.length && timingSafeEqual(a, b);
}
