import { afterAll, beforeAll, expect, it } from 'vitest';
import { signUp } from '../harness/accounts.js';
import { TestLethe } from '../harness/app.js';

let test: TestLethe;

beforeAll(async () => {
  test = await TestLethe.start();
});
afterAll(() => test?.stop());

it('A1: a session says who is signed in', async () => {
  const { browser, accountId } = await signUp(test.lethe);
  const { status, body } = await browser.get('/me');
  expect([status, body]).toEqual([
    200,
    {
      kind: 'account',
      id: accountId,
      organisationId: null,
      projectId: null,
      permissions: ['account:manage', 'identity:read', 'organisations:create', 'organisations:read'],
      memberships: [],
    },
  ]);
});
