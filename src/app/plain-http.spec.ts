import type { IncomingMessage, ServerResponse } from 'node:http';
import { describe, expect, it } from 'vitest';
import { Settings } from '../platform/config/settings.js';
import { plainHttpRefusal } from './plain-http.js';

const PRODUCTION: Partial<Settings> = { environment: 'production', trustedProxies: ['10.0.0.0/8'] };

interface Answer {
  status?: number;
  headers?: Record<string, unknown>;
  body?: string;
}

/** What is answered to a request from `from`; undefined when it is let through. */
function ask(
  settings: Partial<Settings>,
  from: string,
  given: { readonly proto?: string; readonly url?: string } = {},
): Answer | undefined {
  const refusal = plainHttpRefusal(Object.assign(new Settings(), settings));
  const headers = given.proto === undefined ? {} : { 'x-forwarded-proto': given.proto };
  const request = { url: given.url ?? '/v1/models', headers, socket: { remoteAddress: from }, resume: () => undefined };
  const answer: Answer = {};
  const response = {
    writeHead: (status: number, sent: Record<string, unknown>) => Object.assign(answer, { status, headers: sent }),
    end: (body: string) => Object.assign(answer, { body }),
  };
  return refusal?.(request as unknown as IncomingMessage, response as unknown as ServerResponse) ? answer : undefined;
}

describe('S1: plain HTTP in production', () => {
  it.each([
    ['from elsewhere', '192.0.2.1', undefined],
    ['from elsewhere, whatever it says', '192.0.2.1', 'https'],
    ['from a trusted proxy that does not say', '10.0.0.1', undefined],
    ['from a trusted proxy whose client used plain HTTP', '10.0.0.1', 'http'],
    ['over a chain with one plain link', '10.0.0.1', 'https, http'],
    ['from a proxy on this machine whose client used plain HTTP', '127.0.0.1', 'http'],
  ])('is refused %s', (_what, from, proto) => {
    const answer = ask(PRODUCTION, from, proto === undefined ? {} : { proto });
    expect(answer).toMatchObject({
      status: 403,
      headers: { connection: 'close', 'content-type': 'application/problem+json', 'x-content-type-options': 'nosniff' },
    });
    const body = JSON.parse(answer?.body ?? '') as { code: string; detail: string; error: { message: string } };
    expect(body.code).toBe('transport/tls_required');
    expect(body.error.message).toBe(body.detail);
  });

  it.each([
    ['what a trusted proxy took over TLS', '10.0.0.1', 'https'],
    ['what a trusted proxy took over TLS, in IPv6 clothes', '::ffff:10.0.0.1', 'HTTPS'],
    ['what comes from this machine', '127.0.0.1', undefined],
    ['what comes from this machine over IPv6', '::1', undefined],
  ])('lets through %s', (_what, from, proto) => {
    expect(ask(PRODUCTION, from, proto === undefined ? {} : { proto })).toBeUndefined();
  });

  it('lets through the probes of an orchestrator, and nothing that only looks like them', () => {
    expect(ask(PRODUCTION, '192.0.2.1', { url: '/health/ready' })).toBeUndefined();
    expect(ask(PRODUCTION, '192.0.2.1', { url: '/health/ready/../../v1/models' })).toMatchObject({ status: 403 });
  });

  it('is taken where the operator allows it, and in development', () => {
    expect(ask({ ...PRODUCTION, allowPlainHttp: true }, '192.0.2.1')).toBeUndefined();
    expect(ask({}, '192.0.2.1')).toBeUndefined();
  });
});
