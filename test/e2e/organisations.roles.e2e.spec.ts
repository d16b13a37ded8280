import { ModulesContainer } from '@nestjs/core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { newId, type OrganisationId } from '../../src/kernel/ids.js';
import {
  EVERY_ACCOUNTS,
  ORGANISATION_ROLES,
  type OrganisationRole,
  type Permission,
  ROLE_PERMISSIONS,
} from '../../src/platform/http/permissions.js';
import { type DeclaredRoute, declaredRoutes } from '../../src/platform/http/routes.js';
import { type Browser, type Person, signUp } from '../harness/accounts.js';
import { TestLethe } from '../harness/app.js';
import { memberOf } from '../harness/organisations.js';

const OF_AN_ORGANISATION = '/api/v1/organisations/:organisationId';

/** A route of an organisation and the one permission it demands. */
interface Route extends DeclaredRoute {
  readonly permission: Permission;
}

let test: TestLethe;
let mine: OrganisationId;
let foreign: OrganisationId;
let routes: Route[];
const people = new Map<OrganisationRole, Person>();

beforeAll(async () => {
  test = await TestLethe.start({ environment: { LETHE_ROLES: 'api' } });
  mine = (await test.tenant()).organisationId;
  foreign = (await test.tenant()).organisationId;
  await memberOf(test, foreign, 'owner');
  for (const role of ORGANISATION_ROLES) people.set(role, await memberOf(test, mine, role));
  routes = declaredRoutes(test.lethe.get(ModulesContainer))
    .filter(({ path }) => path.startsWith(OF_AN_ORGANISATION))
    .map((route) => ({ ...route, permission: permissionOf(route) }))
    // Leaving is allowed to everyone, and so comes last.
    .sort((a, b) => Number(a.path.endsWith('/leave')) - Number(b.path.endsWith('/leave')));
});
afterAll(() => test?.stop());

function permissionOf({ method, path, access }: DeclaredRoute): Permission {
  if (access?.kind !== 'permission') throw new Error(`${method} ${path} is a route of an organisation and demands no permission`);
  return access.permission;
}

/** Ids that nothing has, and an empty body: whoever may act gets an answer that is about those, and nothing is changed. */
async function ask(
  browser: Browser,
  route: DeclaredRoute,
  organisationId: OrganisationId,
): Promise<{ status: number; body: Record<string, unknown> }> {
  const path = route.path.replace(':organisationId', organisationId).replace(/:scope\b/, 'organisation');
  const filled = path.replace(/:\w+/g, () => newId());
  return browser.send(route.method, filled, ['GET', 'DELETE'].includes(route.method) ? undefined : {});
}

function personWith(role: OrganisationRole): Person {
  const person = people.get(role);
  if (person === undefined) throw new Error(`nobody is ${role}`);
  return person;
}

describe('what a role lets a member do', () => {
  it('covers every route of an organisation, of every module', () => {
    const modules = new Set(routes.map(({ handler }) => handler.split('.')[0]));
    for (const controller of [
      'Organisations',
      'Projects',
      'Keys',
      'Credentials',
      'Routes',
      'Budgets',
      'RateLimits',
      'AuditEvents',
      'Members',
    ]) {
      expect(modules).toContain(`${controller}Controller`);
    }
    expect(routes.length).toBeGreaterThan(40);
  });

  it.each(ORGANISATION_ROLES)('A2: %s gets from each route what the table of roles says', async (role) => {
    const { browser } = personWith(role);
    const wrong: string[] = [];
    for (const route of routes) {
      const { status, body } = await ask(browser, route, mine);
      const isRefused = status === 403 && body['code'] === 'http/forbidden';
      const isAllowed = ROLE_PERMISSIONS[role].includes(route.permission);
      const isRight = isAllowed ? !isRefused && status !== 401 && status < 500 : isRefused;
      if (!isRight) wrong.push(`${route.method} ${route.path} (${route.permission}): ${status} ${String(body['code'])}`);
    }
    expect(wrong).toEqual([]);
  });

  it('A3: whatever changes something of an organisation names it in its address, where the guard looks', () => {
    const given = new Set<Permission>(Object.values(ROLE_PERMISSIONS).flat());
    for (const permission of EVERY_ACCOUNTS) given.delete(permission);
    const elsewhere = declaredRoutes(test.lethe.get(ModulesContainer)).filter(
      ({ method, path, access }) =>
        access?.kind === 'permission' && given.has(access.permission) && method !== 'GET' && !path.startsWith(OF_AN_ORGANISATION),
    );
    expect(elsewhere).toEqual([]);
  });

  it('A3: a foreign organisation does not exist for anybody, whatever their role elsewhere', async () => {
    const wrong: string[] = [];
    for (const person of [await memberOf(test, mine, 'owner'), await signUp(test.lethe)]) {
      for (const route of routes) {
        const [there, nowhere] = [await ask(person.browser, route, foreign), await ask(person.browser, route, newId())];
        const same = there.body['code'] === nowhere.body['code'] && there.body['code'] === 'lethe/not_found';
        if (there.status !== 404 || nowhere.status !== 404 || !same) {
          wrong.push(`${route.method} ${route.path}: ${there.status} ${String(there.body['code'])}, ${nowhere.status}`);
        }
      }
    }
    expect(wrong).toEqual([]);
  });

  it('A3: lists that name an organisation in their query know no other way either', async () => {
    const owner = await memberOf(test, mine, 'owner');
    for (const path of ['/usage/requests', '/usage/summary', '/audit-events']) {
      const own = await owner.browser.get(`${path}?${path === '/audit-events' ? '' : `organisationId=${mine}`}`);
      expect([path, own.status]).toEqual([path, 200]);
    }
    for (const path of ['/usage/requests', '/usage/summary']) {
      expect([path, (await owner.browser.get(`${path}?organisationId=${foreign}`)).status]).toEqual([path, 404]);
    }
  });

  it('a person with several organisations is asked which, and gets from each what their role there lets them', async () => {
    const { browser, accountId } = await memberOf(test, mine, 'admin');
    await test.rows(`INSERT INTO membership VALUES ($1, $2, 'viewer', 'invitation', now(), now())`, [foreign, accountId]);
    expect((await browser.get('/audit-events')).body['errors']).toMatchObject([{ field: 'organisationId' }]);
    expect((await browser.get(`/organisations/${mine}/audit-events`)).status).toBe(200);
    expect((await browser.get(`/organisations/${foreign}/audit-events`)).status).toBe(403);
    expect((await browser.get(`/organisations/${foreign}`)).status).toBe(200);
  });
});
