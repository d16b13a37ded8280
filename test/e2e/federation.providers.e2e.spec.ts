import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { IdentityProviderId } from '../../src/kernel/ids.js';
import { RewrapSecrets } from '../../src/modules/federation/core/rewrap-secrets.js';
import { SignOnProviders } from '../../src/modules/federation/core/sign-on-providers.js';
import { rotateLocalRootKey } from '../../src/platform/kms/root-key-file.js';
import { Log } from '../../src/platform/telemetry/logger.js';
import { TestLethe } from '../harness/app.js';
import { signUp } from '../harness/accounts.js';
import { FederatedBrowser } from '../harness/identity/federated-browser.js';
import { admin, FEDERATION_SETTINGS, makeProvider, startFederation } from '../harness/identity/federation.js';
import { LyingProvider } from '../harness/identity/lying-provider.js';
import { OpenIdProvider } from '../harness/identity/openid-provider.js';

// What operators do with the installation's providers, and plain OAuth 2.0.
let lethe: TestLethe;
let openid: OpenIdProvider;
let plain: LyingProvider;

beforeAll(async () => {
  [lethe, openid, plain] = await Promise.all([startFederation(), OpenIdProvider.start(), LyingProvider.start()]);
});

afterAll(async () => {
  await lethe?.stop();
  await openid?.stop();
  await plain?.stop();
});

const SECRET = 'a client secret that nobody may read';
const oidc = (wanted: object = {}): object => ({
  name: `p ${Math.random()}`,
  kind: 'oidc',
  issuer: openid.issuer,
  clientId: 'lethe',
  clientSecret: SECRET,
  ...wanted,
});
const oauth2 = (wanted: object = {}): object => ({
  name: `p ${Math.random()}`,
  kind: 'oauth2',
  authorizationEndpoint: `${plain.issuer}/authorize`,
  tokenEndpoint: `${plain.issuer}/token`,
  userInfoEndpoint: `${plain.issuer}/profile`,
  subjectPath: 'data.id',
  clientId: 'lethe',
  clientSecret: SECRET,
  ...wanted,
});

describe('the installation’s identity providers', () => {
  it('K2: are made, shown and listed without their secret, which lies sealed', async () => {
    const made = await admin<{ id: string; secretHint: string }>(lethe, 'POST', '/identity-providers', oidc());
    expect(made).toMatchObject({ status: 201, body: { secretHint: '…read', secretVersion: 1, status: 'active', organisationId: null } });
    const shown = await admin(lethe, 'GET', `/identity-providers/${made.body.id}`);
    const listed = await admin(lethe, 'GET', '/identity-providers');
    const offered = await lethe.api('GET', '/sign-in/providers', undefined, null);
    for (const answer of [made, shown, listed, offered]) expect(JSON.stringify(answer.body)).not.toContain(SECRET);
    expect(JSON.stringify(offered.body)).not.toContain('clientId');
    const [row] = await lethe.rows<{ ciphertext: Buffer }>('SELECT * FROM identity_provider WHERE id = $1', [made.body.id]);
    expect(row?.ciphertext.includes(SECRET)).toBe(false);
  });

  it('are renamed, re-keyed, switched off and removed, each with its audit row', async () => {
    const { id } = await makeProvider(lethe, oidc() as Record<string, unknown>);
    const changed = await admin(lethe, 'PATCH', `/identity-providers/${id}`, { name: 'renamed', settings: { scopes: ['openid'] } });
    expect(changed).toMatchObject({ status: 200, body: { name: 'renamed', settings: { scopes: ['openid'], allowsSignUp: true } } });
    const replaced = await admin(lethe, 'POST', `/identity-providers/${id}/secret`, { clientSecret: 'another secret, as long as that' });
    expect(replaced).toMatchObject({ status: 200, body: { secretVersion: 2, secretHint: '…that' } });
    expect((await admin(lethe, 'PATCH', `/identity-providers/${id}`, { status: 'disabled' })).status).toBe(200);
    const start = await FederatedBrowser.at(lethe.url).lethe.post(`/sign-in/providers/${id}/start`, {});
    expect(start).toMatchObject({ status: 404, body: { code: 'federation/provider_not_found' } });
    expect((await admin(lethe, 'DELETE', `/identity-providers/${id}`)).status).toBe(204);
    expect((await admin(lethe, 'GET', `/identity-providers/${id}`)).status).toBe(404);
    const audit = await lethe.rows<{ action: string }>('SELECT action FROM audit_event WHERE target_id = $1 ORDER BY id', [id]);
    expect(audit.map(({ action }) => action.replace('identity_provider.', ''))).toEqual([
      'created',
      'changed',
      'secret_replaced',
      'changed',
      'deleted',
    ]);
  });

  it('lose no change to another at the same moment: each changes its part of the settings', async () => {
    const { id } = await makeProvider(lethe, oidc() as Record<string, unknown>);
    const changes = [{ allowsSignUp: false }, { secondFactor: 'amr' }, { keepsRefreshToken: true }, { hostedDomains: ['example.com'] }];
    await Promise.all(changes.map((settings) => admin(lethe, 'PATCH', `/identity-providers/${id}`, { settings })));
    const shown = await admin(lethe, 'GET', `/identity-providers/${id}`);
    expect(shown.body).toMatchObject({ settings: Object.assign({}, ...changes) as object });
  });

  it('are tried without anybody signing in: reachable, and whether they know us', async () => {
    const check = async (wanted: object): Promise<unknown> => {
      const { id, callbackUrl } = await makeProvider(lethe, wanted as Record<string, unknown>);
      openid.register({ clientId: 'lethe', clientSecret: SECRET, redirectUri: callbackUrl });
      return (await admin(lethe, 'POST', `/identity-providers/${id}/check`)).body;
    };
    expect(await check(oidc())).toEqual({ reachable: true, clientAccepted: true, problem: null });
    expect(await check(oidc({ clientSecret: 'a wrong one' }))).toEqual({ reachable: true, clientAccepted: false, problem: null });
    expect(await check(oidc({ issuer: 'http://127.0.0.1:9' }))).toMatchObject({
      reachable: false,
      problem: 'federation/provider_unavailable',
    });
    expect(await check(oidc({ issuer: `${plain.issuer}/none` }))).toMatchObject({ reachable: false, problem: 'federation/answer_refused' });
  });

  it('K3: keep their secrets readable through a rotation of the root key, without touching the ciphertext', async () => {
    const { id } = await makeProvider(lethe, oidc() as Record<string, unknown>);
    const row = async () => (await lethe.rows<Record<string, unknown>>('SELECT * FROM identity_provider WHERE id = $1', [id]))[0];
    const before = await row();
    const current = await rotateLocalRootKey(join(lethe.directory, 'root-key.json'));
    expect(await lethe.lethe.get(RewrapSecrets).run()).toBeGreaterThan(0);
    const after = await row();
    expect(after).toMatchObject({ ciphertext: before?.['ciphertext'], secret_version: 1 });
    expect(String(after?.['kms_key_id'])).toContain(current);
    expect(after?.['kms_key_id']).not.toBe(before?.['kms_key_id']);
    const signOn = lethe.lethe.get(SignOnProviders);
    expect(await signOn.secretOf(await signOn.require(id as IdentityProviderId))).toBe(SECRET);
    expect(await lethe.lethe.get(RewrapSecrets).run()).toBe(0);
  });

  it('K1: a secret copied to another provider does not open there', async () => {
    const [one, two] = [
      await makeProvider(lethe, oidc() as Record<string, unknown>),
      await makeProvider(lethe, oidc() as Record<string, unknown>),
    ];
    await lethe.rows(
      `UPDATE identity_provider SET (wrapped_key, ciphertext, kms_key_id) =
         (SELECT wrapped_key, ciphertext, kms_key_id FROM identity_provider WHERE id = $1) WHERE id = $2`,
      [one.id, two.id],
    );
    const signOn = lethe.lethe.get(SignOnProviders);
    const copied = await signOn.require(two.id as IdentityProviderId);
    await expect(signOn.secretOf(copied)).rejects.toMatchObject({ code: 'kms/unreadable' });
  });

  it('know Google by name', async () => {
    const made = await admin(lethe, 'POST', '/identity-providers', oidc({ preset: 'google', issuer: undefined }));
    expect(made).toMatchObject({ status: 201, body: { connection: { issuer: 'https://accounts.google.com', preset: 'google' } } });
  });

  it('let in the Workspace domains they are for, by what the signed token says and not by what was asked', async () => {
    const { id } = await makeProvider(
      lethe,
      oidc({ issuer: plain.issuer, settings: { hostedDomains: ['Example.com'] } }) as Record<string, unknown>,
    );
    const browser = FederatedBrowser.at(lethe.url);
    expect(new URL(await browser.start(id)).searchParams.get('hd')).toBe('example.com');
    for (const hd of [undefined, 'evil.example', ['example.com']]) {
      plain.claims = { hd };
      expect((await browser.signIn(id, { attestedAge: 16 })).body).toMatchObject({ code: 'federation/domain_not_admitted' });
    }
    plain.claims = { hd: 'example.com' };
    expect(await browser.signIn(id, { attestedAge: 16 })).toMatchObject({ status: 303 });
    plain.repent();
  });

  it.each<[string, () => object, string]>([
    ['an issuer for OpenID Connect', () => oidc({ issuer: undefined }), 'issuer'],
    ['no endpoints for OpenID Connect', () => oidc({ tokenEndpoint: 'https://x.example/t' }), 'tokenEndpoint'],
    ['no issuer for Google', () => oidc({ preset: 'google' }), 'issuer'],
    ['endpoints for OAuth 2.0', () => oauth2({ userInfoEndpoint: undefined }), 'userInfoEndpoint'],
    ['a subject path for OAuth 2.0', () => oauth2({ subjectPath: undefined }), 'subjectPath'],
    ['a secret', () => oidc({ clientSecret: undefined }), 'clientSecret'],
    ['no secret for a public client', () => oidc({ clientAuthentication: 'none' }), 'clientSecret'],
    ['the scope openid', () => oidc({ settings: { scopes: ['email'] } }), 'settings.scopes'],
    ['domains that are some', () => oidc({ settings: { trustedEmailDomains: ['not a domain'] } }), 'settings.trustedEmailDomains[0]'],
    ['no role for members', () => oidc({ settings: { memberRole: 'viewer' } }), 'settings.memberRole'],
    ['known fields alone', () => oidc({ settings: { isAdmin: true } }), 'settings.isAdmin'],
    ['a name', () => oidc({ name: ' ' }), 'name'],
  ])('need %s', async (_, body, field) => {
    expect(await admin(lethe, 'POST', '/identity-providers', body())).toMatchObject({ status: 400, body: { errors: [{ field }] } });
  });

  it.each(['http://10.0.0.1', 'https://169.254.169.254', 'http://public.example', 'ftp://x.example', 'https://user:pw@x.example'])(
    'are not at %s (SSRF)',
    async (issuer) => {
      const { status, body } = await admin<{ code: string }>(lethe, 'POST', '/identity-providers', oidc({ issuer }));
      expect(status).toBe(400);
      expect(body.code).toMatch(/^outbound\//);
    },
  );

  it('A4: are closed to strangers, keys and people', async () => {
    const tenant = await lethe.tenant({ route: false });
    const person = await signUp(lethe.lethe);
    const cookie = [...person.browser.cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    for (const [headers, status] of [
      [{}, 401],
      [{ authorization: `Bearer ${tenant.key}` }, 403],
      [{ cookie }, 403],
    ] as const) {
      expect((await fetch(`${lethe.url}/admin/v1/identity-providers`, { headers })).status, JSON.stringify(headers)).toBe(status);
    }
  });
});

describe('A1: a provider that speaks OAuth 2.0 alone', () => {
  const settings = {
    claims: { username: 'data.login', email: 'data.mail', avatar: 'data.picture', vip: 'data.plans', vipValues: ['gold', '7'] },
    trustedEmailDomains: ['*'],
  };

  it('says who somebody is at an endpoint of its own, read along paths of the operator’s choice', async () => {
    const { id } = await makeProvider(lethe, oauth2({ settings }) as Record<string, unknown>);
    plain.profile = {
      data: { id: 4711, login: 'kim', mail: 'kim@plain.example', picture: 'javascript:alert(1)', plans: [{}, 7], phone: '+49' },
    };
    plain.callback = { iss: null };
    const browser = FederatedBrowser.at(lethe.url);
    expect(await browser.signIn(id, { attestedAge: 16 })).toMatchObject({ status: 303 });
    const [identity] = await lethe.rows('SELECT * FROM external_identity WHERE provider_id = $1', [id]);
    expect(identity).toMatchObject({ subject: '4711', username: 'kim', email: 'kim@plain.example', avatar_url: null, vip: true });
  });

  it.each<[string, unknown]>([
    ['nothing', null],
    ['no id', { data: {} }],
    ['an id that is an object', { data: { id: {} } }],
    ['a list', []],
  ])('is refused when it says %s', async (_, profile) => {
    const { id } = await makeProvider(lethe, oauth2({ settings }) as Record<string, unknown>);
    plain.profile = profile as never;
    plain.callback = { iss: null };
    expect(await FederatedBrowser.at(lethe.url).signIn(id, { attestedAge: 16 })).toMatchObject({
      status: 401,
      body: { code: 'federation/answer_refused' },
    });
  });
});

it('is off where the operator lets nobody in this way', async () => {
  const closed = await startFederation({ LETHE_SIGN_IN_METHODS: 'password' });
  const { id } = await makeProvider(closed, oidc() as Record<string, unknown>);
  const start = await FederatedBrowser.at(closed.url).lethe.post(`/sign-in/providers/${id}/start`, {});
  expect(start).toMatchObject({ status: 403, body: { code: 'federation/method_off' } });
  expect((await closed.api('GET', '/sign-in/providers', undefined, null)).body).toEqual({ data: [] });
  await closed.stop();
});

it('K2: no log line holds a secret, a token, or what a provider said of somebody, whatever goes wrong', async () => {
  const lines: string[] = [];
  const log = Log.open({ level: 'trace', destination: { write: (line: string) => void lines.push(line) } });
  const loud = await TestLethe.start({ environment: FEDERATION_SETTINGS, log });
  const liar = await LyingProvider.start();
  const { id } = await makeProvider(loud, { issuer: liar.issuer, clientSecret: SECRET, settings: { trustedEmailDomains: ['*'] } });
  const said = { email: 'canary@example.com', email_verified: true, preferred_username: 'canary-name', picture: 'https://canary.example' };
  for (const claims of [{}, { nonce: 'canary-nonce' }, { aud: 'canary-audience' }, { exp: 1 }, { sub: { canary: 1 } }]) {
    liar.claims = { ...said, ...claims };
    await FederatedBrowser.at(loud.url).signIn(id, { attestedAge: 16 });
  }
  liar.overrides.set('/token', (_request, response) => {
    response.writeHead(400, { 'content-type': 'application/json' });
    response.end(JSON.stringify({ error: 'canary-error', error_description: 'canary-description' }));
  });
  await FederatedBrowser.at(loud.url).signIn(id, { attestedAge: 16 });
  expect(lines.length).toBeGreaterThan(5);
  expect(lines.filter((line) => line.includes(SECRET) || /canary-(?!error)|canary@|"token"/.test(line))).toEqual([]);
  await loud.stop();
  await liar.stop();
});
