import { Injectable } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Clock } from '../../kernel/clock.js';
import { Settings } from '../config/settings.js';
import { clientAddressReader } from './client-address.js';
import { BROWSER_COOKIE, clearCookie, readCookie, SESSION_COOKIE, setCookie } from './cookies.js';

/** 256 random bits in base64url. Another value is none of ours, and must not come to stand for this browser. */
const NONCE = /^[A-Za-z0-9_-]{43}$/;

/** Where a request comes from, as sign-ins note it. */
export interface RequestOrigin {
  readonly remoteAddress: string;
  readonly userAgent: string | null;
}

/** Gives browsers the two cookies Lethe has, and takes them away (A5); reads what else a sign-in needs of a request. */
@Injectable()
export class SessionCookies {
  private readonly clientAddress: ReturnType<typeof clientAddressReader>;

  constructor(
    private readonly settings: Settings,
    private readonly clock: Clock,
  ) {
    this.clientAddress = clientAddressReader(settings.trustedProxies);
  }

  originOf(request: FastifyRequest): RequestOrigin {
    return { remoteAddress: this.clientAddress(request.raw), userAgent: request.headers['user-agent'] ?? null };
  }

  /** After a sign-in, or whenever a session got a new token. What bound a link to the browser has done its work. */
  signedIn(request: FastifyRequest, reply: FastifyReply, session: { readonly sessionToken: string; readonly expiresAt: Date }): void {
    const secondsLeft = (session.expiresAt.getTime() - this.clock.nowMs()) / 1_000;
    const cookie = setCookie(SESSION_COOKIE, session.sessionToken, this.settings.sessionCookie === 'lasting' ? secondsLeft : null);
    const isBound = readCookie(request.headers, BROWSER_COOKIE) !== undefined;
    void reply.header('set-cookie', isBound ? [cookie, clearCookie(BROWSER_COOKIE)] : [cookie]);
  }

  signedOut(reply: FastifyReply): void {
    void reply.header('set-cookie', [clearCookie(SESSION_COOKIE)]);
  }

  /** The nonce that ties links to this browser, if it has one. */
  browserNonce(request: FastifyRequest): string | null {
    const nonce = readCookie(request.headers, BROWSER_COOKIE);
    return nonce !== undefined && NONCE.test(nonce) ? nonce : null;
  }

  bindBrowser(reply: FastifyReply, nonce: string, seconds: number): void {
    void reply.header('set-cookie', [setCookie(BROWSER_COOKIE, nonce, seconds)]);
  }
}
