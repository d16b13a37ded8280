import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { OrganisationId } from '../../src/kernel/ids.js';
import { OrganisationMail } from '../../src/modules/notifications/notifications.contract.js';
import { UnitOfWork } from '../../src/platform/database/unit-of-work.js';
import type { OrganisationRole } from '../../src/platform/http/permissions.js';
import { TestLethe } from '../harness/app.js';
import { type MailServer, startMailServer } from '../harness/mail.js';
import { memberOf } from '../harness/organisations.js';

const SUBJECT = 'A budget has passed an alert threshold';

let mail: MailServer;
let lethe: TestLethe;

beforeAll(async () => {
  mail = await startMailServer();
  lethe = await TestLethe.start({ environment: { LETHE_ROLES: 'api,gateway,worker', LETHE_SMTP_URL: mail.url } });
});

afterAll(async () => {
  await lethe?.stop();
  await mail?.close();
});

function member(organisationId: OrganisationId, role: OrganisationRole, options: Parameters<typeof memberOf>[3] = {}) {
  const email = `${role}-${Math.random().toString(36).slice(2)}@example.com`;
  return memberOf(lethe, organisationId, role, { email, ...options });
}

const readersOf = (subject: string): string[] => mail.mails().flatMap((each) => (each.subject === subject ? [each.to] : []));

describe('a budget that has passed a threshold', () => {
  it('U2: is told by mail to owners, admins and billing, each in their language, once, by a real call and not to who does not want it', async () => {
    const model = 'alerting-1';
    await lethe.api('POST', '/price-overrides', { model, inputPerMillion: '1000', outputPerMillion: '1000', perRequest: '0' });
    const tenant = await lethe.tenant();
    const { organisationId } = tenant;
    const [owner, admin, billing] = [
      await member(organisationId, 'owner'),
      await member(organisationId, 'admin', { locale: 'de' }),
      await member(organisationId, 'billing'),
    ];
    const unwilling = await member(organisationId, 'admin');
    expect((await unwilling.browser.request('PATCH', '/account/notification-preferences', { organisation: false })).status).toBe(200);
    await member(organisationId, 'owner', { emailVerified: false });
    for (const role of ['developer', 'viewer', 'privacy_officer'] as const) await member(organisationId, role);
    await member((await lethe.tenant({ route: false })).organisationId, 'owner');
    const budget = { scope: 'organisation', kind: 'soft', period: 'total', limit: '0.000001', alertPercents: [50] };
    expect((await lethe.api('POST', `/organisations/${organisationId}/budgets`, budget)).status).toBe(201);
    await lethe.settled();
    for (let calls = 0; calls < 2; calls += 1) {
      const answer = await lethe.chat(tenant, { model, messages: [{ role: 'user', content: 'Hello' }], max_tokens: 5 });
      expect(answer.status).toBe(200);
      await answer.text();
    }
    const [toOwner, toAdmin] = [await mail.next(owner.email), await mail.next(admin.email), await mail.next(billing.email)];
    expect(toOwner).toMatchObject({ subject: SUBJECT });
    expect(toOwner.text).toMatch(/“t\d+-[a-z0-9]+” has passed 50 %/);
    expect(toAdmin.subject).not.toBe(SUBJECT);
    await lethe.settled();
    const all = mail.mails().map(({ to }) => to);
    expect(all.toSorted()).toEqual([owner.email, admin.email, billing.email].toSorted());
    expect(await lethe.rows('SELECT 1 FROM outgoing_mail')).toEqual([]);
  });
});

describe('mail to people of an organisation', () => {
  it('goes with the change it tells of or not at all, to a hundred at most, and to nobody of an organisation there is none of', async () => {
    const { organisationId } = await lethe.tenant({ route: false });
    await lethe.rows(
      `WITH people AS (
         INSERT INTO account (id, email, email_normal, email_verified_at, locale, status, created_at, updated_at)
         SELECT gen_random_uuid(), 'many-' || n || '@example.com', 'many-' || n || '@example.com', now(), 'en', 'active', now(), now()
         FROM generate_series(1, 230) n RETURNING id)
       INSERT INTO membership (organisation_id, account_id, role, source, created_at, updated_at)
       SELECT $1, id, 'viewer', 'scim', now(), now() FROM people`,
      [organisationId],
    );
    const last = await member(organisationId, 'billing');
    const send = (to: OrganisationId, roles: readonly OrganisationRole[]) =>
      lethe.lethe
        .get(UnitOfWork)
        .asSystem((tx) => lethe.lethe.get(OrganisationMail).send(tx, 'domain_lost', { organisationId: to, roles }, { domain: 'x.test' }));
    const sent = () => readersOf('Your domain has to be proven again');
    await send(organisationId, ['billing']);
    expect(await mail.next(last.email)).toMatchObject({ subject: 'Your domain has to be proven again' });
    await send(organisationId.replace(/.$/, (digit) => (digit === '0' ? '1' : '0')) as OrganisationId, ['billing']);
    await send(organisationId, ['viewer']);
    await expect.poll(() => sent().length, { timeout: 20_000 }).toBe(101);
    const failing = lethe.lethe.get(UnitOfWork).asSystem(async (tx) => {
      await lethe.lethe.get(OrganisationMail).send(tx, 'domain_lost', { organisationId, roles: ['billing'] }, { domain: 'x.test' });
      throw new Error('the change failed');
    });
    await expect(failing).rejects.toThrow('the change failed');
    await lethe.settled();
    expect(new Set(sent()).size).toBe(101);
    expect(sent()).toHaveLength(101);
  });
});
