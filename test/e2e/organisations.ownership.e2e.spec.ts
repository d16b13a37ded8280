import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { DAY_MS, ManualClock } from '../../src/kernel/clock.js';
import type { OrganisationId } from '../../src/kernel/ids.js';
import { OrganisationAdministration } from '../../src/modules/tenants/tenants.contract.js';
import { type Browser, type Person, signIn, signUp } from '../harness/accounts.js';
import { TestLethe } from '../harness/app.js';
import { killAt, memberOf, rolesIn } from '../harness/organisations.js';

const ACTOR = { kind: 'system', id: 'test' } as const;

let test: TestLethe;
let acme: OrganisationId;
let ada: Person;
let kim: Person;
const clock = new ManualClock(Date.now());
let counter = 0;

beforeAll(async () => {
  test = await TestLethe.start({ clock, environment: { LETHE_ROLES: 'api' } });
});
afterAll(() => test?.stop());

beforeEach(async () => {
  const organisations = test.lethe.get(OrganisationAdministration);
  acme = (await organisations.createOrganisation({ slug: `acme-${(counter += 1)}`, name: 'Acme', kind: 'customer' }, ACTOR)).id;
  ada = await memberOf(test, acme, 'owner');
  kim = await memberOf(test, acme, 'viewer');
});

function offer(to: Person, browser = ada.browser) {
  return browser.post(`/organisations/${acme}/ownership-offer`, { accountId: to.accountId });
}

function accept(browser: Browser) {
  return browser.post(`/organisations/${acme}/ownership-offer/accept`);
}

function end(browser: Browser) {
  return browser.request('DELETE', `/organisations/${acme}/ownership-offer`);
}

async function codeOf(answer: Promise<{ status: number; body: Record<string, unknown> }>): Promise<unknown[]> {
  const { status, body } = await answer;
  return [status, body['code']];
}

async function notices(person: Person): Promise<string[]> {
  const rows = await test.rows<{ kind: string }>('SELECT kind FROM account_notice WHERE account_id = $1 ORDER BY id', [person.accountId]);
  return rows.map(({ kind }) => kind);
}

describe('handing the ownership on', () => {
  it('A2: takes an owner’s offer and the receiver’s consent; then both are told, and the roles have changed together', async () => {
    expect((await offer(kim)).status).toBe(201);
    expect(await rolesIn(test, acme)).toEqual({ [ada.accountId]: 'owner', [kim.accountId]: 'viewer' });
    const seen = await kim.browser.get(`/organisations/${acme}/ownership-offer`);
    expect(seen.body).toMatchObject({ fromAccountId: ada.accountId, toAccountId: kim.accountId });
    expect((await accept(kim.browser)).status).toBe(204);
    expect(await rolesIn(test, acme)).toEqual({ [ada.accountId]: 'admin', [kim.accountId]: 'owner' });
    expect([await notices(ada), await notices(kim)]).toEqual([['ownership_transferred'], ['ownership_offered', 'ownership_transferred']]);
    const told = await test.rows('SELECT kind FROM organisation_notice WHERE organisation_id = $1', [acme]);
    expect(told).toEqual([{ kind: 'ownership_transferred' }]);
    const audited = await test.rows<{ action: string }>(
      `SELECT action FROM audit_event WHERE organisation_id = $1 AND action LIKE 'ownership.%' ORDER BY id`,
      [acme],
    );
    expect(audited.map(({ action }) => action)).toEqual(['ownership.offered', 'ownership.transferred']);
    expect(await codeOf(accept(kim.browser))).toEqual([404, 'members/offer_not_found']);
    expect(await codeOf(offer(kim))).toEqual([403, 'http/forbidden']);
  });

  it('A2: nobody but the receiver can take it, nobody but an owner offer it, and only to a member who is none', async () => {
    const admin = await memberOf(test, acme, 'admin');
    const stranger = await signUp(test.lethe);
    expect(await codeOf(offer(kim, admin.browser))).toEqual([403, 'http/forbidden']);
    expect(await codeOf(offer(kim, stranger.browser))).toEqual([404, 'lethe/not_found']);
    expect((await offer(stranger)).body['errors']).toMatchObject([{ field: 'accountId' }]);
    expect(await codeOf(offer(ada))).toEqual([409, 'members/not_for_yourself']);
    await offer(kim);
    expect(await codeOf(offer(admin))).toEqual([409, 'members/offer_exists']);
    for (const other of [ada, admin]) expect(await codeOf(accept(other.browser))).toEqual([404, 'members/offer_not_found']);
    expect(await codeOf(accept(stranger.browser))).toEqual([404, 'lethe/not_found']);
    expect(await codeOf(end(admin.browser))).toEqual([403, 'http/forbidden']);
    expect((await test.api('POST', `/organisations/${acme}/ownership-offer`, { accountId: kim.accountId })).status).toBe(403);
  });

  it('is declined or withdrawn, and ends with the membership of either side', async () => {
    await offer(kim);
    expect((await end(kim.browser)).status).toBe(204);
    await offer(kim);
    expect((await end(ada.browser)).status).toBe(204);
    expect(await codeOf(accept(kim.browser))).toEqual([404, 'members/offer_not_found']);
    await offer(kim);
    await ada.browser.request('DELETE', `/organisations/${acme}/members/${kim.accountId}`);
    expect(await test.rows('SELECT FROM ownership_offer WHERE organisation_id = $1', [acme])).toEqual([]);
  });

  it('A2: is worth nothing once whoever offered it owns the organisation no more', async () => {
    const second = await memberOf(test, acme, 'owner');
    await offer(kim);
    await second.browser.request('PATCH', `/organisations/${acme}/members/${ada.accountId}`, { role: 'viewer' });
    expect(await codeOf(accept(kim.browser))).toEqual([409, 'members/offer_not_valid']);
    expect(await rolesIn(test, acme)).toMatchObject({ [kim.accountId]: 'viewer', [second.accountId]: 'owner' });
  });

  it('A2: taken and withdrawn at the same moment, it is either; the organisation has exactly one owner', async () => {
    for (let round = 0; round < 4; round += 1) {
      const [from, to] = (await rolesIn(test, acme))[ada.accountId] === 'owner' ? [ada, kim] : [kim, ada];
      expect((await offer(to, from.browser)).status).toBe(201);
      const [taken, again, withdrawn] = await Promise.all([accept(to.browser), accept(to.browser), end(from.browser)]);
      expect([taken, again, withdrawn].filter(({ status }) => status === 204)).toHaveLength(1);
      const roles = Object.values(await rolesIn(test, acme));
      expect(roles.filter((role) => role === 'owner')).toHaveLength(1);
    }
  });

  it.each([
    ['the new owner is made', 'membership', 'UPDATE', "row.role = 'owner'"],
    ['the old owner steps back', 'membership', 'UPDATE', "row.role = 'admin'"],
    ['the offer ends', 'ownership_offer', 'DELETE', 'true'],
    ['it is audited', 'audit_event', 'INSERT', "row.action = 'ownership.transferred'"],
    ['the first of both is told', 'account_notice', 'INSERT', 'true'],
    ['the organisation is told', 'organisation_notice', 'INSERT', 'true'],
  ] as const)('killed when %s leaves no half state, and can be taken afterwards', async (_step, table, act, when) => {
    await offer(kim);
    const spring = await killAt(test, table, act, when);
    expect((await accept(kim.browser)).status).toBeGreaterThanOrEqual(500);
    await spring();
    expect(await rolesIn(test, acme)).toEqual({ [ada.accountId]: 'owner', [kim.accountId]: 'viewer' });
    expect([await notices(ada), await notices(kim)]).toEqual([[], ['ownership_offered']]);
    expect((await accept(kim.browser)).status).toBe(204);
    expect(await rolesIn(test, acme)).toEqual({ [ada.accountId]: 'admin', [kim.accountId]: 'owner' });
  });

  it('ends after seven days', async () => {
    await offer(kim);
    clock.advance(7 * DAY_MS);
    expect(await codeOf(accept(await signIn(test.lethe, kim.accountId)))).toEqual([409, 'members/offer_not_valid']);
    expect(await rolesIn(test, acme)).toEqual({ [ada.accountId]: 'owner', [kim.accountId]: 'viewer' });
  });
});
