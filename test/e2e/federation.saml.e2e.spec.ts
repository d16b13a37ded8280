import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { AccountId } from '../../src/kernel/ids.js';
import { WarnOfCertificates } from '../../src/modules/federation/core/saml/warn-of-certificates.js';
import { WarnCertificatesJob } from '../../src/modules/federation/jobs/warn-certificates.job.js';
import { BROWSER_COOKIE, SESSION_COOKIE } from '../../src/platform/http/cookies.js';
import { Log } from '../../src/platform/telemetry/logger.js';
import { Browser, signIn, signUp } from '../harness/accounts.js';
import type { TestLethe, TestTenant } from '../harness/app.js';
import { type ForgedAnswer, formField, makeSamlKey, signedAnswer } from '../harness/saml-forge.js';
import { TestIdentityProvider } from '../harness/saml-identity-provider.js';
import { type SamlProviderView, SamlSignOn } from '../harness/saml-sign-on.js';

let saml: SamlSignOn;
let lethe: TestLethe;
let acme: TestTenant;
let idp: TestIdentityProvider;
let provider: SamlProviderView;
let domain: string;
let providers: string;

beforeAll(async () => {
  saml = await SamlSignOn.start();
  ({ lethe, tenant: acme, idp, domain, providers } = saml);
  provider = await saml.connect(idp, { name: 'Acme', metadataUrl: idp.entityId });
});

afterAll(() => saml.stop());

/** What the daily look at the certificates says of this provider. */
async function warnings(): Promise<unknown[]> {
  const lines: string[] = [];
  const log = Log.open({ level: 'warn', destination: { write: (line: string) => void lines.push(line) } });
  await new WarnCertificatesJob(lethe.lethe.get(WarnOfCertificates), log).run();
  return lines.map((line) => JSON.parse(line) as { providerId: string }).filter(({ providerId }) => providerId === provider.id);
}

async function accounts(): Promise<number> {
  const [row] = await lethe.rows<{ n: string }>('SELECT count(*) AS n FROM account');
  return Number(row?.n);
}

describe('signing in through a SAML identity provider', () => {
  it('A1: makes account, membership and session in the browser that began, and leads back to where it began', async () => {
    const { browser, status, location } = await saml.signInThrough(provider, `kim@${domain}`);
    expect({ status, location }).toEqual({ status: 303, location: '/welcome' });
    expect(browser.cookies.has(SESSION_COOKIE)).toBe(true);
    const mine = await browser.get<{ role?: string }>(`/organisations/${acme.organisationId}`);
    expect(mine.status).toBe(200);
    const [session] = await lethe.rows<{ method: string }>('SELECT method FROM account_session');
    expect(session).toEqual({ method: 'saml' });
    const before = await accounts();
    expect((await saml.signInThrough(provider, `kim@${domain}`)).status).toBe(303);
    expect(await accounts()).toBe(before);
  });

  it('A1: of an address outside the organisation’s domains lets nobody in, whoever has the address', async () => {
    const victim = await signUp(lethe.lethe);
    const before = await accounts();
    for (const address of [victim.email, 'eve@unclaimed.test', `eve@${domain}.evil.test`]) {
      const { status, browser } = await saml.signInThrough(provider, address);
      expect(status).toBe(403);
      expect(browser.cookies.has(SESSION_COOKIE)).toBe(false);
    }
    expect(await accounts()).toBe(before);
  });

  it('signs its requests where the identity provider wants that, and such a one takes no other', async () => {
    const strict = await TestIdentityProvider.start({ wantsSignedRequests: true });
    const made = await saml.connect(strict, { name: 'Strict', metadataXml: strict.metadata() });
    expect(made.signsRequests).toBe(true);
    strict.nameId = `sig@${domain}`;
    const browser = new Browser(lethe.url);
    const { location } = await saml.post(await saml.begin(browser, made, strict));
    expect((await saml.finish(browser, location)).status).toBe(303);
    const [row] = await lethe.rows<{ row: string }>('SELECT identity_provider::text AS row FROM identity_provider WHERE id = $1', [
      made.id,
    ]);
    expect(row?.row).not.toContain('PRIVATE KEY');
    const { body } = await browser.post<{ authorisationUrl: string }>(`/sign-in/saml/${made.id}/start`);
    await expect(strict.visit(body.authorisationUrl.replace(/Signature=[^&]{8}/, 'Signature=AAAAAAAA'))).rejects.toThrow('says');
    await strict.close();
  });

  it('counts as two factors where the provider is believed to say so', async () => {
    const change = await lethe.api('PATCH', `${providers}/${provider.id}`, { settings: { secondFactor: 'amr' } });
    expect(change.status).toBe(200);
    idp.context = 'https://refeds.org/profile/mfa';
    await saml.signInThrough(provider, `mfa@${domain}`);
    idp.context = 'urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport';
    const [row] = await lethe.rows<{ done: boolean }>(
      'SELECT second_factor_at IS NOT NULL AS done FROM account_session JOIN account ON account.id = account_id WHERE email_normal = $1',
      [`mfa@${domain}`],
    );
    expect(row).toEqual({ done: true });
  });
});

describe('an answer of the identity provider', () => {
  it('A1: works once, and in one of two requests at the same moment', async () => {
    const browser = new Browser(lethe.url);
    idp.nameId = `once@${domain}`;
    const form = await saml.begin(browser, provider);
    const both = await Promise.all([saml.post(form), saml.post(form)]);
    expect(both.map(({ status }) => status).sort((a, b) => a - b)).toEqual([303, 400]);
    expect((await saml.post(form)).body).toMatchObject({ code: 'federation/attempt_not_found' });
    const location = both.find(({ status }) => status === 303)?.location ?? '';
    expect((await saml.finish(browser, location)).status).toBe(303);
    expect((await saml.finish(browser, location)).body).toMatchObject({ code: 'federation/attempt_not_found' });
  });

  it('A1: is worth nothing in another browser, and nothing there after that either', async () => {
    const [mine, thief] = [new Browser(lethe.url), new Browser(lethe.url)];
    idp.nameId = `victim@${domain}`;
    const { location } = await saml.post(await saml.begin(mine, provider));
    await saml.begin(thief, provider);
    expect((await saml.finish(thief, location)).body).toMatchObject({ code: 'federation/attempt_not_found' });
    expect((await saml.finish(mine, location)).status).toBe(400);
    expect(thief.cookies.has(SESSION_COOKIE)).toBe(false);
    const bare = new Browser(lethe.url);
    expect((await saml.finish(bare, `${lethe.url}/api/v1/sign-in/saml/${provider.id}/finish?code=x`)).status).toBe(400);
  });

  it('that nobody asked for is refused, unless the provider may begin; then it works once, and leads to a path of ours only', async () => {
    idp.nameId = `unasked@${domain}`;
    expect((await saml.post(await idp.unasked())).body).toMatchObject({
      code: 'saml/response_refused',
      details: { reason: 'unsolicited' },
    });
    await lethe.api('PATCH', `${providers}/${provider.id}`, { settings: { allowsUnsolicited: true } });
    const form = await idp.unasked();
    const { location } = await saml.post(form, 'https://evil.test/phish');
    expect((await saml.post(form)).body).toMatchObject({ details: { reason: 'replayed' } });
    const browser = new Browser(lethe.url);
    expect((await saml.finish(browser, location)).headers.get('location')).toBe('/');
    expect((await saml.finish(new Browser(lethe.url), location)).status).toBe(400);
    for (const [state, path] of [
      ['/keys?tab=2', '/keys?tab=2'],
      ['//evil.test', '/'],
      ['/\\evil.test', '/'],
      ['javascript:alert(1)', '/'],
      ['', '/'],
    ] as const) {
      const next = await saml.post(await idp.unasked(), state);
      expect((await saml.finish(new Browser(lethe.url), next.location)).headers.get('location')).toBe(path);
    }
    await lethe.api('PATCH', `${providers}/${provider.id}`, { settings: { allowsUnsolicited: false } });
  });

  it('of another provider, or at the address of one, is refused although its signature is good', async () => {
    const second = await TestIdentityProvider.start();
    const made = await saml.connect(second, { name: 'Second', metadataXml: second.metadata() });
    second.nameId = `mixed@${domain}`;
    const browser = new Browser(lethe.url);
    const form = await saml.begin(browser, made, second);
    expect((await saml.post({ ...form, action: provider.consumerUrl })).body).toMatchObject({ code: 'federation/attempt_not_found' });
    await second.close();
  });

  it('of 10 MB is refused before it is read, as are forms anywhere else', async () => {
    const began = performance.now();
    const huge = await fetch(provider.consumerUrl, { method: 'POST', body: new URLSearchParams({ SAMLResponse: 'A'.repeat(10_000_000) }) });
    expect(huge.status).toBe(413);
    expect(performance.now() - began).toBeLessThan(5_000);
    const large = await saml.post({ action: provider.consumerUrl, samlResponse: 'A'.repeat(360_000) });
    expect(large.body).toMatchObject({ code: 'saml/response_too_large' });
    const elsewhere = await fetch(`${lethe.url}/api/v1/sign-in/saml/${provider.id}/start`, {
      method: 'POST',
      body: new URLSearchParams({ returnPath: '/' }),
    });
    expect(elsewhere.status).toBe(415);
  });

  it('that is forged is refused with a reason, quotes nothing, and changes nothing', async () => {
    const before = await accounts();
    const browser = new Browser(lethe.url);
    const requestOf = async (): Promise<string> => {
      const { samlResponse } = await saml.begin(browser, provider);
      return /InResponseTo="(\w+)"/.exec(Buffer.from(samlResponse, 'base64').toString())?.[1] ?? '';
    };
    const forge = async (change: Partial<ForgedAnswer>, key = idp.key): Promise<Record<string, unknown>> => {
      const fair = {
        issuer: idp.entityId,
        audience: provider.audience,
        consumerUrl: provider.consumerUrl,
        requestId: await requestOf(),
        nowMs: Date.now(),
        nameId: `forged@${domain}`,
      };
      const { body, status } = await saml.post({
        action: provider.consumerUrl,
        samlResponse: formField(signedAnswer({ ...fair, ...change }, key)),
      });
      expect(status).toBe(400);
      expect(JSON.stringify(body)).not.toContain('forged');
      return body.details as Record<string, unknown>;
    };
    expect(await forge({}, makeSamlKey())).toEqual({ reason: 'signature_invalid' });
    expect(await forge({ audience: 'https://other.test' })).toEqual({ reason: 'wrong_audience' });
    expect(await forge({ issuer: 'https://other.test' })).toEqual({ reason: 'wrong_issuer' });
    expect(await forge({ recipient: 'https://other.test' })).toEqual({ reason: 'wrong_recipient' });
    expect(await forge({ nowMs: Date.now() - 600_000 })).toEqual({ reason: 'expired' });
    expect(await accounts()).toBe(before);
  });

  it('is refused by the process within a second of the provider being switched off, and so is a sign-in that was under way', async () => {
    const browser = new Browser(lethe.url);
    idp.nameId = `off@${domain}`;
    const form = await saml.begin(browser, provider);
    await lethe.api('PATCH', `${providers}/${provider.id}`, { status: 'disabled' });
    expect((await saml.post(form)).body).toMatchObject({ code: 'federation/provider_not_found' });
    expect((await browser.post(`/sign-in/saml/${provider.id}/start`)).status).toBe(404);
    await lethe.api('PATCH', `${providers}/${provider.id}`, { status: 'active' });
  });
});

describe('a SAML provider', () => {
  it('takes a new certificate beside the old one, and is shown when one is about to expire', async () => {
    const next = makeSamlKey({ until: new Date(Date.now() + 10 * 86_400_000) });
    const certificates = `${providers}/${provider.id}/certificates`;
    const both = await lethe.api<SamlProviderView>('PUT', certificates, {
      certificates: [idp.key.certificate, next.certificate],
    });
    expect(both.body.certificates.map(({ state }) => state)).toEqual(['valid', 'expires_soon']);
    expect((await saml.signInThrough(provider, `kim@${domain}`)).status).toBe(303);
    expect(await warnings()).toEqual([]);
    expect((await lethe.api('PUT', certificates, { certificates: [next.certificate] })).status).toBe(200);
    expect(await warnings()).toEqual([expect.objectContaining({ providerId: provider.id, state: 'expires_soon' })]);
    // Logged every day, told once.
    expect(await warnings()).toHaveLength(1);
    const told = await lethe.rows<{ detail: object }>(`SELECT detail FROM organisation_notice WHERE kind = 'certificate_expiring'`);
    expect(told).toEqual([{ detail: { providerId: provider.id, state: 'expires_soon', until: expect.any(String) as string } }]);
    idp.nameId = `kim@${domain}`;
    expect((await saml.post(await saml.begin(new Browser(lethe.url), provider))).body).toMatchObject({
      details: { reason: 'signature_invalid' },
    });
    expect((await lethe.api('PUT', certificates, { metadataUrl: idp.entityId })).status).toBe(200);
    expect((await saml.signInThrough(provider, `kim@${domain}`)).status).toBe(303);
  });

  it('is refused from what is no metadata, from where nobody may look, and with a weak key', async () => {
    const weak = makeSamlKey({ bits: 1_024 });
    const byHand = { entityId: 'https://idp.test', signOnUrl: 'https://idp.test/sso' };
    const wrong: [Readonly<Record<string, unknown>>, string][] = [
      [{}, 'lethe/invalid_request'],
      [{ metadataXml: '<a/>', metadataUrl: 'https://idp.test' }, 'lethe/invalid_request'],
      [{ metadataXml: '<a/>' }, 'saml/metadata_refused'],
      [{ metadataXml: '<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>' }, 'saml/metadata_refused'],
      [{ metadataXml: idp.metadata().replace(/X509Certificate>[^<]+/g, 'X509Certificate>AAAA') }, 'saml/metadata_refused'],
      [{ metadataUrl: 'http://169.254.169.254/latest/meta-data' }, 'outbound/address_not_allowed'],
      [{ metadataUrl: 'file:///etc/passwd' }, 'outbound/invalid_url'],
      [{ metadataUrl: `${idp.url}/sso` }, 'saml/metadata_unreachable'],
      [{ ...byHand, certificates: [weak.certificate] }, 'saml/metadata_refused'],
      [{ ...byHand, signOnUrl: 'javascript:alert(1)', certificates: [idp.key.certificate] }, 'lethe/invalid_request'],
      [{ ...byHand, certificates: [idp.key.privateKey] }, 'saml/metadata_refused'],
      [{ entityId: 'https://idp.test' }, 'lethe/invalid_request'],
      [{ ...byHand, certificates: [idp.key.certificate], settings: { memberRole: 'owner' } }, 'lethe/invalid_request'],
    ];
    for (const [body, code] of wrong) {
      const { status, body: problem } = await lethe.api('POST', providers, { name: 'Wrong', ...body });
      expect({ body: Object.keys(body), code: problem.code }).toEqual({ body: Object.keys(body), code });
      expect(status).toBe(400);
    }
    const { body } = await lethe.api<{ data: { name: string }[] }>('GET', `/organisations/${acme.organisationId}/identity-providers`);
    expect(body.data.map(({ name }) => name)).not.toContain('Wrong');
  });

  it('A3: is set up by those who may in its own organisation, after a recent proof', async () => {
    const [kim] = await lethe.rows<{ id: AccountId }>('SELECT id FROM account WHERE email_normal = $1', [`kim@${domain}`]);
    const browser = await signIn(lethe.lethe, kim?.id as AccountId, { method: 'saml', secondFactorDone: false });
    expect((await browser.post(providers, { name: 'x', metadataXml: idp.metadata() })).status).toBe(403);
    const stranger = await signUp(lethe.lethe);
    expect((await stranger.browser.get(`${providers}/${provider.id}`)).status).toBe(404);
    const other = await lethe.tenant({ route: false });
    expect((await lethe.api('GET', `/organisations/${other.organisationId}/saml-providers/${provider.id}`)).status).toBe(404);
    await lethe.rows(`UPDATE membership SET role = 'owner' WHERE account_id = $1`, [kim?.id]);
    await lethe.rows(`UPDATE account_session SET proven_at = now() - interval '11 minutes'`);
    expect((await browser.post(providers, { name: 'x', metadataXml: idp.metadata() })).body).toMatchObject({
      code: 'http/step_up_required',
    });
    expect((await lethe.api('POST', providers, { name: 'x' }, null)).status).toBe(401);
  });

  it('keeps nothing of a sign-in that is over, and sets no cookie but the two there are', async () => {
    const { browser } = await saml.signInThrough(provider, `kim@${domain}`);
    const names = new Set(browser.received.map((line) => line.split('=')[0]));
    expect(names).toEqual(new Set([BROWSER_COOKIE, SESSION_COOKIE]));
    expect(await lethe.rows('SELECT 1 FROM saml_answer WHERE subject = $1', [`kim@${domain}`])).toEqual([]);
    const [row] = await lethe.rows<{ rows: string }>('SELECT json_agg(a)::text AS rows FROM saml_assertion a');
    expect(row?.rows).not.toMatch(/kim|_[0-9a-f]{32}/);
  });
});
