import { createServer } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SESSION_COOKIE } from '../../src/platform/http/cookies.js';
import { type Person, signIn, signUp } from '../harness/accounts.js';
import { TestLethe } from '../harness/app.js';
import { ChromiumPage, missingBrowser } from '../harness/chromium.js';

/** The origin has to be known before the server listens: WebAuthn binds to it. */
async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === 'object' && address !== null ? address.port : 0;
}

describe.skipIf(missingBrowser !== '')(
  `a real browser's authenticator${missingBrowser && ` — skipped for want of ${missingBrowser}`}`,
  () => {
    let test: TestLethe;
    let chromium: ChromiumPage;
    let origin: string;
    let person: Person;
    let authenticator: string;

    beforeAll(async () => {
      const port = await freePort();
      origin = `http://localhost:${port}`;
      test = await TestLethe.start({ environment: { LETHE_PORT: String(port), LETHE_PUBLIC_URL: origin } });
      chromium = await ChromiumPage.open(origin);
      person = await signUp(test.lethe);
      authenticator = await chromium.plugIn();
    });
    afterAll(async () => {
      await chromium?.close();
      await test?.stop();
    });

    /** Gives the page the cookie of a session that has shown its first proof; answers with the CSRF token. */
    async function begin(): Promise<string> {
      const { cookies, csrfToken } = await signIn(test.lethe, person.accountId);
      await chromium.context.clearCookies();
      const value = cookies.get(SESSION_COOKIE) as string;
      await chromium.context.addCookies([
        { name: SESSION_COOKIE, value, domain: 'localhost', path: '/', secure: true, httpOnly: true, sameSite: 'Lax' },
      ]);
      return csrfToken as string;
    }

    async function present(csrf: string): Promise<{ status: number; body: Record<string, unknown> }> {
      const { body } = await chromium.call('POST', '/sign-in/second-factor/security-key/options', {}, csrf);
      const credential = await chromium.ask('get', body['publicKey']);
      return chromium.call('POST', '/sign-in/second-factor/security-key', { credential }, csrf);
    }

    it('A1: registers a key; the session that comes back is the one the browser keeps', async () => {
      const csrf = await begin();
      const { status, body } = await chromium.call('POST', '/account/second-factors/security-keys/options', {}, csrf);
      expect(status).toBe(200);
      const credential = await chromium.ask('create', body['publicKey']);
      const registered = await chromium.call('POST', '/account/second-factors/security-keys', { name: 'This laptop', credential }, csrf);
      expect(registered).toMatchObject({ status: 201, body: { state: 'complete', recoveryCodes: expect.any(Array) } });
      expect(await chromium.call('GET', '/me')).toMatchObject({ status: 200, body: { id: person.accountId } });
      expect(await chromium.call('GET', '/account/second-factors')).toMatchObject({
        body: { securityKeys: [{ name: 'This laptop', status: 'active' }] },
      });
    });

    it('A1: finishes signing in by that key', async () => {
      const csrf = await begin();
      expect((await chromium.call('GET', '/me')).status).toBe(401);
      expect(await present(csrf)).toMatchObject({ status: 200, body: { state: 'complete' } });
      expect((await chromium.call('GET', '/me')).status).toBe(200);
    });

    it('A1: signs in by passkey, with no name, no password and no cookie before', async () => {
      await chromium.context.clearCookies();
      const { body } = await chromium.call('POST', '/sign-in/passkey/options', {});
      const credential = await chromium.ask('get', body['publicKey']);
      expect(await chromium.call('POST', '/sign-in/passkey', { credential })).toMatchObject({ status: 200, body: { state: 'complete' } });
      expect(await chromium.call('GET', '/me')).toMatchObject({ status: 200, body: { id: person.accountId } });
      const kept = await chromium.context.cookies();
      expect(kept.map(({ name, httpOnly, secure, sameSite }) => ({ name, httpOnly, secure, sameSite }))).toEqual([
        { name: SESSION_COOKIE, httpOnly: true, secure: true, sameSite: 'Lax' },
      ]);
    });

    it('A1: a copy of the key, its counter behind, is refused and the key suspended', async () => {
      await chromium.turnBack(authenticator, 1);
      expect(await present(await begin())).toMatchObject({ status: 401, body: { code: 'second_factors/refused' } });
      const rows = await test.rows('SELECT status FROM webauthn_credential WHERE account_id = $1', [person.accountId]);
      expect(rows).toEqual([{ status: 'suspended' }]);
      expect((await chromium.call('GET', '/me')).status).toBe(401);
    });
  },
);
