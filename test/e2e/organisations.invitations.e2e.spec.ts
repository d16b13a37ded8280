import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { DAY_MS, ManualClock } from '../../src/kernel/clock.js';
import type { OrganisationId } from '../../src/kernel/ids.js';
import { newSecret } from '../../src/kernel/secrets.js';
import { SweepInvitationsJob } from '../../src/modules/accounts/jobs/sweep-invitations.job.js';
import { OrganisationAdministration } from '../../src/modules/tenants/tenants.contract.js';
import { UnitOfWork } from '../../src/platform/database/unit-of-work.js';
import { type Browser, type Person, signIn, signUp } from '../harness/accounts.js';
import { TestLethe } from '../harness/app.js';
import { type MailServer, startMailServer } from '../harness/mail.js';
import { killAt, memberOf, rolesIn } from '../harness/organisations.js';
import { sweepTables } from '../harness/sweeps.js';

const ACTOR = { kind: 'system', id: 'test' } as const;
const MINUTE_MS = 60_000;

let mail: MailServer;
let test: TestLethe;
let acme: OrganisationId;
let owner: Person;
const clock = new ManualClock(Date.now());
let counter = 0;

beforeAll(async () => {
  mail = await startMailServer();
  const environment = { LETHE_ROLES: 'api,worker', LETHE_SMTP_URL: mail.url, LETHE_MAIL_FROM: 'Lethe <no-reply@gateway.example>' };
  test = await TestLethe.start({ clock, environment });
});

afterAll(async () => {
  await test?.stop();
  await mail?.close();
});

beforeEach(async () => {
  const organisations = test.lethe.get(OrganisationAdministration);
  acme = (await organisations.createOrganisation({ slug: `acme-${(counter += 1)}`, name: 'Acme', kind: 'customer' }, ACTOR)).id;
  owner = await memberOf(test, acme, 'owner');
});

function at(path = ''): string {
  return `/organisations/${acme}/invitations${path}`;
}

function invite(email: string, role = 'developer', browser = owner.browser) {
  return browser.post<Record<string, unknown> & { id: string }>(at(), { email, role });
}

/** The token of the link that was mailed last. */
async function tokenFor(email: string): Promise<string> {
  const [link = ''] = (await mail.next(email)).links;
  return new URLSearchParams(new URL(link).hash.slice(1)).get('token') ?? '';
}

function accept(browser: Browser, token: string) {
  return browser.post('/invitations/accept', { token });
}

async function codeOf(answer: Promise<{ status: number; body: Record<string, unknown> }>): Promise<unknown[]> {
  const { status, body } = await answer;
  return [status, body['code']];
}

function address(): string {
  return `guest-${(counter += 1)}@reader.example`;
}

async function pending(): Promise<number> {
  return (await test.rows('SELECT FROM invitation WHERE organisation_id = $1', [acme])).length;
}

describe('an invitation', () => {
  it('A2: is taken up by the account with its address, once, and leaves no address and no token behind', async () => {
    const email = address();
    const guest = await signUp(test.lethe, { email });
    const made = await invite(email.toUpperCase());
    expect([made.status, made.body]).toMatchObject([201, { role: 'developer', invitedBy: owner.accountId }]);
    const token = await tokenFor(email.toUpperCase());
    expect(JSON.stringify(made.body)).not.toContain(token);
    expect((await accept(guest.browser, token)).body).toEqual({ organisationId: acme, role: 'developer' });
    expect(await rolesIn(test, acme)).toMatchObject({ [guest.accountId]: 'developer' });
    expect(await codeOf(accept(guest.browser, token))).toEqual([410, 'members/invitation_not_valid']);
    expect(await pending()).toBe(0);
    const audited = await test.rows<{ action: string; detail: unknown }>(
      'SELECT action, detail FROM audit_event WHERE organisation_id = $1 ORDER BY id',
      [acme],
    );
    expect(audited.map(({ action }) => action).slice(2)).toEqual(['invitation.created', 'member.added', 'invitation.accepted']);
    expect(JSON.stringify(audited)).not.toMatch(/reader\.example/i);
  });

  it('A2: that is forwarded opens nothing to another account, and stays for whom it is meant', async () => {
    const email = address();
    await invite(email);
    const token = await tokenFor(email);
    const thief = await signUp(test.lethe);
    expect(await codeOf(accept(thief.browser, token))).toEqual([403, 'members/invitation_for_another']);
    const nameless = await signUp(test.lethe, { email: address(), emailVerified: false });
    expect(await codeOf(accept(nameless.browser, token))).toEqual([403, 'members/invitation_for_another']);
    expect(await rolesIn(test, acme)).toEqual({ [owner.accountId]: 'owner' });
    const guest = await signUp(test.lethe, { email });
    expect((await accept(guest.browser, token)).status).toBe(200);
  });

  it('proves an address that its owner has not proven yet; but not one that another account has', async () => {
    const [fresh, taken] = [address(), address()];
    await invite(fresh);
    const guest = await signUp(test.lethe, { email: fresh, emailVerified: false });
    expect((await accept(guest.browser, await tokenFor(fresh))).status).toBe(200);
    const [row] = await test.rows('SELECT email_verified_at IS NOT NULL AS proven FROM account WHERE id = $1', [guest.accountId]);
    expect(row).toEqual({ proven: true });
    await invite(taken);
    const squatter = await signUp(test.lethe, { email: taken, emailVerified: false });
    await signUp(test.lethe, { email: taken });
    expect(await codeOf(accept(squatter.browser, await tokenFor(taken)))).toEqual([409, 'accounts/email_taken']);
    expect(Object.keys(await rolesIn(test, acme))).not.toContain(squatter.accountId);
  });

  it('tells the same of an address with an account and of one without', async () => {
    const [stranger, known] = [address(), address()];
    await signUp(test.lethe, { email: known });
    const answers = [await invite(stranger), await invite(known)];
    for (const { status, body } of answers)
      expect([status, Object.keys(body).sort()]).toEqual([201, Object.keys(answers[0]?.body ?? {}).sort()]);
    expect(answers.map(({ body }) => body['role'])).toEqual(['developer', 'developer']);
    for (const email of [stranger, known]) expect((await mail.next(email)).subject).toBe('An invitation');
    expect(await codeOf(invite(known))).toEqual([409, 'members/invitation_exists']);
    expect(await codeOf(invite(stranger))).toEqual([409, 'members/invitation_exists']);
    expect(await codeOf(invite(owner.email))).toEqual([409, 'members/already_member']);
  });

  it('A2: rests on the rights of whoever sent it, and ends with them', async () => {
    const admin = await memberOf(test, acme, 'admin');
    expect(await codeOf(invite(address(), 'owner', admin.browser))).toEqual([403, 'members/role_beyond_yours']);
    const email = address();
    await invite(email, 'admin', admin.browser);
    const token = await tokenFor(email);
    const guest = await signUp(test.lethe, { email });
    const removal = await owner.browser.request('DELETE', `/organisations/${acme}/members/${admin.accountId}`);
    expect([removal.status, removal.body]).toEqual([204, {}]);
    expect(await codeOf(accept(guest.browser, token))).toEqual([410, 'members/invitation_not_valid']);
    clock.advance(MINUTE_MS);
    const [{ id } = { id: '' }] = await test.rows<{ id: string }>('SELECT id FROM invitation WHERE organisation_id = $1', [acme]);
    expect((await owner.browser.post(at(`/${id}/resend`))).status).toBe(200);
    expect((await accept(guest.browser, await tokenFor(email))).status).toBe(200);
  });

  it('by an operator gives an organisation its first owner', async () => {
    const email = address();
    const { id } = (await test.api<{ id: OrganisationId }>('POST', '/organisations', { slug: `by-hand-${counter}`, name: 'By hand' })).body;
    expect((await test.api('POST', `/organisations/${id}/invitations`, { email, role: 'owner' })).status).toBe(201);
    const guest = await signUp(test.lethe, { email });
    expect((await accept(guest.browser, await tokenFor(email))).body).toEqual({ organisationId: id, role: 'owner' });
  });

  it('refuses addresses that are none or could be mistaken, and roles that are none', async () => {
    for (const email of [
      'nobody',
      'a@b',
      'a@b.example\nBcc: c@d.example',
      `${'a'.repeat(65)}@b.example`,
      'раypal@reader.example',
      '"a b"@c.example',
    ]) {
      const { status, body } = await invite(email);
      expect([email, status, body['errors']]).toMatchObject([email, 400, [{ field: 'email' }]]);
    }
    expect((await invite(address(), 'emperor')).body['errors']).toMatchObject([{ field: 'role' }]);
    expect(await pending()).toBe(0);
  });

  it('A7: an organisation writes to a hundred strangers a day and no more, however it goes about it', async () => {
    await test.rows('INSERT INTO invitation_pace VALUES ($1, 98, $2)', [acme, clock.now()]);
    const first = await invite(address());
    expect(first.status).toBe(201);
    await owner.browser.request('DELETE', at(`/${first.body.id}`));
    const outcomes = await Promise.all([invite(address()), invite(address()), invite(address())]);
    expect(outcomes.map(({ status }) => status).sort((a, b) => a - b)).toEqual([201, 429, 429]);
    expect(outcomes.find(({ status }) => status === 429)?.headers.get('retry-after')).toBe('864');
    expect(await pending()).toBe(1);
    await test.rows(
      `INSERT INTO invitation SELECT gen_random_uuid(), organisation_id, n || email, n || email_normal, role, locale, sha256(n::text::bytea),
         invited_by_kind, invited_by, 1, created_at, sent_at, expires_at FROM invitation, generate_series(1, 199) n WHERE organisation_id = $1`,
      [acme],
    );
    await test.rows('DELETE FROM invitation_pace WHERE organisation_id = $1', [acme]);
    expect(await codeOf(invite(address()))).toEqual([409, 'members/too_many_invitations']);
    expect(await pending()).toBe(200);
  });

  it.each([
    ['the address is proven', 'account', 'UPDATE', 'true'],
    ['the membership is made', 'membership', 'INSERT', 'true'],
    ['its audit row is written', 'audit_event', 'INSERT', "row.action = 'member.added'"],
    ['the invitation ends', 'invitation', 'DELETE', 'true'],
    ['its end is audited', 'audit_event', 'INSERT', "row.action = 'invitation.accepted'"],
  ] as const)('killed when %s leaves no half state, and can be taken up afterwards', async (_step, table, act, when) => {
    const email = address();
    await invite(email);
    const token = await tokenFor(email);
    const guest = await signUp(test.lethe, { email, emailVerified: false });
    const spring = await killAt(test, table, act, when);
    expect((await accept(guest.browser, token)).status).toBeGreaterThanOrEqual(500);
    await spring();
    expect(await rolesIn(test, acme)).toEqual({ [owner.accountId]: 'owner' });
    expect(await pending()).toBe(1);
    expect(await test.rows('SELECT email_verified_at FROM account WHERE id = $1', [guest.accountId])).toEqual([
      { email_verified_at: null },
    ]);
    expect((await accept(guest.browser, token)).status).toBe(200);
  });

  it('A2: of two who take one up at the same moment one is a member, once', async () => {
    const email = address();
    await invite(email);
    const token = await tokenFor(email);
    const guest = await signUp(test.lethe, { email });
    const outcomes = await Promise.all([accept(guest.browser, token), accept(guest.browser, token), accept(guest.browser, token)]);
    expect(outcomes.map(({ status }) => status).sort((a, b) => a - b)).toEqual([200, 410, 410]);
  });

  // The last, because its clock runs ahead of the partitions that notices lie in.
  it('ends after seven days, when it is taken back, and with the link before when it is sent again', async () => {
    const emails = [address(), address(), address()] as const;
    const [late, back, again] = [await invite(emails[0]), await invite(emails[1]), await invite(emails[2])];
    const [lateToken, backToken, againToken] = [await tokenFor(emails[0]), await tokenFor(emails[1]), await tokenFor(emails[2])];
    expect(late.status).toBe(201);
    expect((await owner.browser.request('DELETE', at(`/${back.body.id}`))).status).toBe(204);
    expect(await codeOf(owner.browser.request('DELETE', at(`/${back.body.id}`)))).toEqual([404, 'members/invitation_not_found']);
    expect(await codeOf(owner.browser.post(at(`/${again.body.id}/resend`)))).toEqual([429, 'members/invited_too_often']);
    clock.advance(MINUTE_MS);
    expect((await owner.browser.post(at(`/${again.body.id}/resend`))).status).toBe(200);
    const renewed = await tokenFor(emails[2]);
    const { accountId: id } = await signUp(test.lethe, { email: emails[2] });
    const browser = await signIn(test.lethe, id);
    for (const token of [lateToken, backToken, againToken, newSecret(), 'nonsense']) {
      expect((await accept(browser, token)).status).not.toBe(200);
    }
    expect(await codeOf(accept(browser, againToken))).toEqual([410, 'members/invitation_not_valid']);
    clock.advance(7 * DAY_MS);
    expect(await codeOf(accept(await signIn(test.lethe, id), renewed))).toEqual([410, 'members/invitation_not_valid']);
    await sweepTables(test.lethe.get(SweepInvitationsJob), test.lethe.get(UnitOfWork));
    expect(await pending()).toBe(0);
  });
});
