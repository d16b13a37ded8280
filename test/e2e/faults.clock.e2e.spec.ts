import { afterAll, beforeAll, expect, it } from 'vitest';
import { DAY_MS, ManualClock, utcDayAfter } from '../../src/kernel/clock.js';
import { TestLethe, type TestTenant } from '../harness/app.js';

/** Half a minute before the month ends. */
const START_MS = Date.parse('2026-11-30T23:59:30Z');
/** What the profile gives the records of calls. */
const WINDOW_DAYS = 30;
const call = { model: 'plain', messages: [{ role: 'user', content: 'hello' }], max_tokens: 1 };

const clock = new ManualClock(START_MS);
let app: TestLethe;
let tenant: TestTenant;

beforeAll(async () => {
  app = await TestLethe.start({ clock });
  const price = { provider: 'stand_in', model: 'plain', inputPerMillion: '0', outputPerMillion: '0', perRequest: '0.01' };
  await app.api('POST', '/price-overrides', price);
  tenant = await app.tenant();
  const budget = { scope: 'organisation', kind: 'hard', period: 'monthly', limit: '0.02' };
  await app.api('POST', `/organisations/${tenant.organisationId}/budgets`, budget);
  await new Promise((resolve) => setTimeout(resolve, 300));
});

afterAll(() => app?.stop());

async function statuses(count: number): Promise<number[]> {
  const found: number[] = [];
  for (let number = 0; number < count; number += 1) {
    const answer = await app.chat(tenant, call);
    await answer.arrayBuffer();
    found.push(answer.status);
  }
  return found;
}

it('U2: a hard monthly budget refuses until the month ends, says how long that is, and starts anew at midnight UTC', async () => {
  expect(await statuses(3)).toEqual([200, 200, 429]);
  const refused = await app.chat(tenant, call);
  expect(refused.headers.get('retry-after')).toBe('30');
  clock.advance(29_999);
  expect(await statuses(1)).toEqual([429]);
  clock.advance(1);
  expect(await statuses(3)).toEqual([200, 200, 429]);
  await app.records(tenant, 4);
  const periods = await app.rows(
    'SELECT period_start::text AS start, spent::text, held::text FROM budget_period WHERE organisation_id = $1 ORDER BY 1',
    [tenant.organisationId],
  );
  expect(periods).toEqual([
    { start: '2026-11-01', spent: '0.020000000000', held: '0.000000000000' },
    { start: '2026-12-01', spent: '0.020000000000', held: '0.000000000000' },
  ]);
});

it('U3: a clock that jumps past every partition made ahead, and back, loses no record', async () => {
  clock.advance(120 * DAY_MS);
  expect(await statuses(1)).toEqual([200]);
  const ahead = clock.nowMs();
  clock.advance(-119 * DAY_MS);
  expect(await statuses(1)).toEqual([429]);
  clock.advance(31 * DAY_MS);
  expect(await statuses(1)).toEqual([200]);
  const records = await app.records(tenant, 6);
  const expiries = await app.rows<{ day: string }>('SELECT expires_on::text AS day FROM call_record WHERE organisation_id = $1', [
    tenant.organisationId,
  ]);
  expect(expiries.map(({ day }) => day)).toEqual(
    expect.arrayContaining([utcDayAfter(ahead, WINDOW_DAYS), utcDayAfter(clock.nowMs(), WINDOW_DAYS)]),
  );
  for (const record of records) expect(record).toMatchObject({ outcome: 'succeeded', cost: '0.010000000000' });
});
