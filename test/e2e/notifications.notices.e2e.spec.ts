import { generateKeyPairSync, sign } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { ManualClock } from '../../src/kernel/clock.js';
import { type AccountId, newId, type OrganisationId } from '../../src/kernel/ids.js';
import { AddressHash } from '../../src/modules/notifications/core/address-hash.js';
import { Mailer, Notices } from '../../src/modules/notifications/notifications.contract.js';
import { UnitOfWork } from '../../src/platform/database/unit-of-work.js';
import type { AccountPrincipal } from '../../src/platform/http/principal.js';
import { NotificationsApp } from '../harness/notifications.js';

interface Notice {
  readonly id: string;
  readonly kind: string;
  readonly title: string;
  readonly readAt: string | null;
}

const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
const clock = new ManualClock(Date.now());

let app: NotificationsApp;
let organisation: OrganisationId;
let person: AccountPrincipal;

beforeAll(async () => {
  const sendgridEventKey = publicKey.export({ format: 'der', type: 'spki' }).toString('base64');
  app = await NotificationsApp.start({ clock, settings: { sendgridEventKey, smtpUrl: 'smtp://127.0.0.1:9' } });
});

afterAll(() => app?.stop());

beforeEach(async () => {
  organisation = await app.inner.organisation();
  person = app.person(new Map([[organisation, 'admin']]));
  await app.account(person.id);
});

const tellAccount = (id: AccountId, kind: 'password_changed' | 'account_released' = 'password_changed') =>
  app.inner.get(UnitOfWork).forOrganisation(organisation, (tx) => app.inner.get(Notices).tellAccount(tx, id, kind, {}));
const list = async (path: string, reader = person) => (await app.request('GET', path, undefined, reader)).json<{ data: Notice[] }>().data;

describe('notices', () => {
  it('of an account are read and put away by that person alone', async () => {
    await tellAccount(person.id);
    await tellAccount(person.id, 'account_released');
    const notices = await list('/account/notices');
    expect(notices).toMatchObject([
      { kind: 'account_released', title: 'Your account works again', readAt: null },
      { kind: 'password_changed', readAt: null },
    ]);
    const path = `/account/notices/${notices[0]?.id}/read`;
    expect((await app.request('POST', path, undefined, app.person())).json()).toMatchObject({
      status: 404,
      code: 'notifications/notice_not_found',
    });
    const read = (await app.request('POST', path, undefined, person)).json<Notice>();
    expect(read.readAt).not.toBeNull();
    clock.advance(1_000);
    expect((await app.request('POST', path, undefined, person)).json()).toEqual(read);
    expect(await list('/account/notices?unread=true')).toMatchObject([{ kind: 'password_changed' }]);
    expect(await list('/account/notices', app.person())).toEqual([]);
    expect((await app.request('GET', '/account/notices')).statusCode).toBe(403);
  });

  it('are written with the change on a day nobody has made a partition for', async () => {
    await app.inner.owner.query(`DO $$ DECLARE name text; BEGIN
      FOR name IN SELECT relname FROM pg_class WHERE relname ~ '^account_notice_p[0-9]{8}$' LOOP EXECUTE 'DROP TABLE ' || name; END LOOP;
    END $$`);
    await tellAccount(person.id);
    expect(await list('/account/notices')).toMatchObject([{ kind: 'password_changed' }]);
  });

  it('of an organisation are for its owners, admins and privacy officer, in pages', async () => {
    for (let n = 0; n < 3; n += 1) {
      await app.inner
        .get(UnitOfWork)
        .asSystem((tx) => app.inner.get(Notices).tellOrganisation(tx, organisation, 'key_blocked', { keyId: newId(), reason: 'burst' }));
    }
    const path = `/organisations/${organisation}/notices`;
    const first = (await app.request('GET', `${path}?limit=2`, undefined, person)).json<{ data: Notice[]; nextCursor: string }>();
    expect(first.data).toHaveLength(2);
    expect(await list(`${path}?limit=2&cursor=${first.nextCursor}`)).toHaveLength(1);
    const officer = app.person(new Map([[organisation, 'privacy_officer']]));
    expect(await list(path, officer)).toHaveLength(3);
    const read = `${path}/${first.data[0]?.id}/read`;
    expect((await app.request('POST', read, undefined, officer)).statusCode).toBe(403);
    expect((await app.request('POST', read, undefined, person)).statusCode).toBe(200);
    const developer = app.person(new Map([[organisation, 'developer']]));
    expect((await app.request('GET', path, undefined, developer)).statusCode).toBe(403);
    const other = await app.inner.organisation();
    const stranger = app.person(new Map([[other, 'owner']]));
    expect((await app.request('GET', path, undefined, stranger)).statusCode).toBe(404);
    expect((await app.request('POST', read, undefined, stranger)).statusCode).toBe(404);
    expect((await app.request('POST', read.replace(organisation, other), undefined, stranger)).statusCode).toBe(404);
    const seen = await app.inner.get(UnitOfWork).forOrganisation(other, (tx) => tx.query<unknown[]>('SELECT id FROM organisation_notice'));
    expect(seen).toEqual([]);
  });

  it('hold short values: text long enough to be content is refused', async () => {
    const long = app.inner
      .get(UnitOfWork)
      .asSystem((tx) => app.inner.get(Notices).tellAccount(tx, person.id, 'key_blocked', { reason: 'x'.repeat(201) }));
    await expect(long).rejects.toThrow('short values');
  });

  it('D3: go with the account, as do its preferences and its consent', async () => {
    await tellAccount(person.id);
    await app.request('PATCH', '/account/notification-preferences', { organisation: false }, person);
    await app.request('PUT', '/account/marketing-consent', { granted: true, version: '1' }, person);
    await app.rows('DELETE FROM account WHERE id = $1', [person.id]);
    for (const table of ['account_notice', 'notification_preference', 'marketing_consent'])
      expect([table, await app.rows(`SELECT 1 FROM ${table} WHERE account_id = $1`, [person.id])]).toEqual([table, []]);
  });

  it('A3: whoever may tell an account something can read nothing it was told', async () => {
    const reading = app.inner.get(UnitOfWork).forOrganisation(organisation, (tx) => tx.query('SELECT * FROM account_notice'));
    await expect(reading).rejects.toThrow('permission denied');
  });
});

describe('preferences', () => {
  it('G4: consent to advertising is off until it is given, and recorded with time and version', async () => {
    const before = await app.request('GET', '/account/notification-preferences', undefined, person);
    expect(before.json()).toEqual({ byMail: { organisation: true }, marketing: { granted: false, version: null, changedAt: null } });
    const given = await app.request('PUT', '/account/marketing-consent', { granted: true, version: '2026-01' }, person);
    expect(given.json()).toMatchObject({ marketing: { granted: true, version: '2026-01', changedAt: clock.now().toISOString() } });
    await app.request('PUT', '/account/marketing-consent', { granted: false, version: '2026-01' }, person);
    const actions = await app.rows('SELECT action FROM audit_event WHERE target_id = $1 ORDER BY id', [person.id]);
    expect(actions).toEqual([{ action: 'marketing_consent.given' }, { action: 'marketing_consent.withdrawn' }]);
  });

  it('security messages cannot be turned off, nor anything that is not offered', async () => {
    const change = (body: object) => app.request('PATCH', '/account/notification-preferences', body, person);
    expect((await change({ organisation: false })).json()).toMatchObject({ byMail: { organisation: false } });
    for (const body of [{ security: false }, { organisation: 'no' }, { marketing: true }])
      expect((await change(body)).statusCode).toBe(400);
    for (const body of [
      { granted: true },
      { granted: true, version: '' },
      { granted: 'yes', version: '1' },
      { granted: true, version: 'a b' },
    ])
      expect((await app.request('PUT', '/account/marketing-consent', body, person)).statusCode).toBe(400);
  });

  it.each(['x', `${newId()}.marketing.${'A'.repeat(43)}`, `${newId()}.security.${'A'.repeat(43)}`, '%00', 'a'.repeat(300)])(
    'a forged unsubscribe link (%s) does nothing',
    async (token) => {
      for (const method of ['GET', 'POST'] as const) {
        const answer = await app.inner.app.inject({ method, url: `/api/v1/unsubscribe/${token}` });
        expect(answer.statusCode).toBeGreaterThanOrEqual(400);
        expect(answer.statusCode).toBeLessThan(500);
      }
    },
  );
});

describe('delivery events', () => {
  const url = '/api/v1/mail-events/sendgrid';

  function signed(body: string, atMs = clock.nowMs()): Record<string, string> {
    const timestamp = String(Math.floor(atMs / 1_000));
    const signature = sign('sha256', Buffer.from(timestamp + body), privateKey).toString('base64');
    return {
      'content-type': 'application/json',
      'x-twilio-email-event-webhook-signature': signature,
      'x-twilio-email-event-webhook-timestamp': timestamp,
    };
  }

  const post = (payload: string, headers: Record<string, string>) => app.inner.app.inject({ method: 'POST', url, headers, payload });
  const event = (more: object) => ({
    email: 'Bounced@Reader.example',
    timestamp: Math.floor(clock.nowMs() / 1_000),
    event: 'bounce',
    type: 'bounce',
    bounce_classification: 'Invalid Address',
    reason: '550 5.1.1 <Bounced@Reader.example> unknown',
    sg_event_id: 'first',
    'smtp-id': '<01a20000-0000-7000-8000-000000000001@gateway.example>',
    ...more,
  });

  it('are taken when signed over the very bytes, once each, without the address, which gets no mail any more', async () => {
    // As SendGrid sends it: with line breaks that JSON would not keep.
    const body = `[${JSON.stringify(event({}))},\r\n${JSON.stringify(event({ sg_event_id: 'open', event: 'open' }))}]\r\n`;
    for (let times = 0; times < 3; times += 1) expect((await post(body, signed(body))).statusCode).toBe(204);
    const rows = await app.rows('SELECT e.*, e::text AS text FROM mail_delivery_event e');
    expect(rows).toMatchObject([{ event: 'bounce', reason: 'invalid_address', mail_id: '01a20000-0000-7000-8000-000000000001' }]);
    const suppressed = await app.rows('SELECT s.*, s::text AS text FROM suppressed_address s');
    expect(suppressed).toMatchObject([{ reason: 'bounced' }]);
    expect(JSON.stringify([...rows, ...suppressed])).not.toMatch(/reader\.example|5\.1\.1/i);
    expect(suppressed[0]?.['address_hash']).toEqual(app.inner.get(AddressHash).of('bounced@reader.example'));

    const to = { accountId: null, email: 'bounced@READER.example', locale: 'en' };
    const values = { link: 'https://a.example/l', minutes: 15 };
    await app.inner.get(UnitOfWork).asSystem((tx) => app.inner.get(Mailer).send(tx, 'sign_in_link', to, values));
    // Nothing listens where mails go here: this one ends without being tried.
    await app.sendMails();
    expect(await app.rows('SELECT id FROM outgoing_mail')).toEqual([]);
  });

  it('are refused when forged, changed, too old or unsigned, and nothing is kept of them', async () => {
    const body = JSON.stringify([event({ sg_event_id: 'forged' })]);
    const before = await app.rows('SELECT id FROM mail_delivery_event');
    const attempts: [string, Record<string, string>][] = [
      [body.replace('forged', 'forgeD'), signed(body)],
      [body, signed(body, clock.nowMs() - 3_600_000)],
      [body, { 'content-type': 'application/json' }],
      [`${body} `, signed(body)],
    ];
    for (const [payload, headers] of attempts) {
      expect((await post(payload, headers)).json()).toMatchObject({ status: 401, code: 'notifications/signature_invalid' });
    }
    expect(await app.rows('SELECT id FROM mail_delivery_event')).toEqual(before);
  });

  it('that are signed nonsense, or far too many bytes, change nothing', async () => {
    for (const body of ['{}', '[]', '[null, 1, "x", {"event": 1}]', 'null']) expect((await post(body, signed(body))).statusCode).toBe(204);
    const odd = JSON.stringify([event({ sg_event_id: 'old', timestamp: 1 }), event({ sg_event_id: 'far', timestamp: 99_999_999_999 })]);
    expect((await post(odd, signed(odd))).statusCode).toBe(204);
    const large = `[${'1,'.repeat(600_000)}1]`;
    expect((await post(large, signed(large))).statusCode).toBe(413);
    expect((await post('[', signed('['))).statusCode).toBe(400);
  });

  it('have no route where no key is configured', async () => {
    const bare = await NotificationsApp.start();
    const body = JSON.stringify([event({})]);
    expect((await bare.inner.app.inject({ method: 'POST', url, headers: signed(body), payload: body })).statusCode).toBe(404);
    await bare.stop();
  });
});
