import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ManualClock } from '../../src/kernel/clock.js';
import { newId, type OrganisationId, type ProjectId } from '../../src/kernel/ids.js';
import { AuditLog } from '../../src/modules/audit/audit.contract.js';
import { TellBudgetThresholdJob } from '../../src/modules/usage/jobs/tell-budget-threshold.job.js';
import { UsageApp } from '../harness/usage.js';

const NOON = Date.parse('2026-03-14T12:00:00Z');

let app: UsageApp;
let organisation: OrganisationId;
let other: OrganisationId;
let project: ProjectId;
const clock = new ManualClock(NOON);

beforeAll(async () => {
  app = await UsageApp.start({ clock });
  organisation = await app.inner.organisation();
  other = await app.inner.organisation();
  project = await app.inner.project(organisation);
});

afterAll(() => app?.stop());

const path = (id: string = organisation, budget = ''): string => `/organisations/${id}/budgets${budget && `/${budget}`}`;
const monthly = { scope: 'organisation', kind: 'hard', period: 'monthly', limit: '100.00' };

async function created(body: object, id: string = organisation): Promise<{ id: string; scopeId: string; alertPercents: number[] }> {
  const answer = await app.request('POST', path(id), body);
  expect(answer.statusCode, answer.body).toBe(201);
  return answer.json();
}

interface Spent {
  readonly spent: string;
  readonly held?: string;
  readonly alerted?: number;
}

function spend(budget: string, start: string, { spent, held = '0', alerted = 0 }: Spent): Promise<unknown> {
  return app.inner.owner.query(
    `INSERT INTO budget_period (budget_id, period_start, organisation_id, spent, held, alerted_percent, notified_percent)
     VALUES ($1, $2, $3, $4, $5, $6::integer, $6::integer)`,
    [budget, start, organisation, spent, held, alerted],
  );
}

describe('creating a budget', () => {
  it('answers with the whole limit left, the reset time and the default alerts, and commits an audit row', async () => {
    const answer = await app.request('POST', path(), monthly);
    expect(answer.json()).toMatchObject({
      ...monthly,
      limit: '100',
      scopeId: organisation,
      alertPercents: [50, 80, 100],
      current: { startsOn: '2026-03-01', resetsAt: '2026-04-01T00:00:00.000Z', spent: '0', held: '0', remaining: '100' },
    });
    expect(await app.auditActions(organisation)).toContain('budget.created');
  });

  it('a second one of the same scope, kind and period is a conflict', async () => {
    await created({ ...monthly, scope: 'project', scopeId: project });
    const answer = await app.request('POST', path(), { ...monthly, scope: 'project', scopeId: project, limit: '1' });
    expect([answer.statusCode, answer.json<{ code: string }>().code]).toEqual([409, 'usage/already_exists']);
  });

  it.each([
    ['a limit with too many decimals', { ...monthly, limit: '0.0000000000001' }, 'limit'],
    ['a limit as a number', { ...monthly, limit: 12.5 }, 'limit'],
    ['a negative limit', { ...monthly, limit: '-1' }, 'limit'],
    ['no scope', { ...monthly, scope: undefined }, 'scope'],
    ['a project without its id', { ...monthly, scope: 'project' }, 'scopeId'],
    ['a percentage of zero', { ...monthly, alertPercents: [0] }, 'alertPercents'],
    ['percentages that are no list', { ...monthly, alertPercents: null }, 'alertPercents'],
    ['a field that is none', { ...monthly, colour: 'red' }, 'colour'],
  ])('refuses %s and names the field', async (_what, body, field) => {
    const answer = await app.request('POST', path(), body);
    expect(answer.statusCode, answer.body).toBe(400);
    expect(answer.json<{ errors: { field: string }[] }>().errors.map((error) => error.field)).toContain(field);
  });

  it("A3: refuses another organisation's project, key and id, so that no tenant can limit another", async () => {
    const theirProject = await app.inner.project(other);
    const theirKey = await app.key(other, theirProject);
    const revoked = await app.key(organisation, project, true);
    const cases = [
      { scope: 'project', scopeId: theirProject },
      { scope: 'key', scopeId: theirKey },
      { scope: 'key', scopeId: revoked },
      { scope: 'key', scopeId: newId() },
      { scope: 'organisation', scopeId: other },
    ];
    for (const scope of cases) expect((await app.request('POST', path(), { ...monthly, ...scope })).statusCode).toBe(404);
    expect((await app.request('POST', path(newId()), monthly)).statusCode).toBe(404);
  });

  it('takes a living key of the organisation', async () => {
    const key = await app.key(organisation, project);
    expect((await created({ ...monthly, scope: 'key', scopeId: key.toUpperCase() })).scopeId).toBe(key);
  });

  it('leaves no budget behind when its audit row cannot be written', async () => {
    const audit = app.inner.get(AuditLog);
    const record = audit.record.bind(audit);
    audit.record = () => Promise.reject(new Error('no room'));
    const answer = await app.request('POST', path(), { ...monthly, period: 'total' });
    audit.record = record;
    expect(answer.statusCode).toBe(500);
    const { rowCount } = await app.inner.owner.query(`SELECT FROM budget WHERE organisation_id = $1 AND period = 'total'`, [organisation]);
    expect(rowCount).toBe(0);
  });
});

describe('reading budgets', () => {
  it('shows what the period that runs now has spent and holds, exactly, and not an earlier one', async () => {
    const { id } = await created({ ...monthly, period: 'daily', limit: '10' });
    await spend(id, '2026-03-13', { spent: '9' });
    await spend(id, '2026-03-14', { spent: '3.000000000001', held: '0.5' });
    const { current } = (await app.request('GET', path(organisation, id))).json<{ current: object }>();
    expect(current).toEqual({
      startsOn: '2026-03-14',
      resetsAt: '2026-03-15T00:00:00.000Z',
      spent: '3.000000000001',
      held: '0.5',
      remaining: '6.499999999999',
    });
  });

  it('lists page by page, newest first', async () => {
    const first = (await app.request('GET', `${path()}?limit=1`)).json<{ data: { id: string }[]; nextCursor: string }>();
    const second = (await app.request('GET', `${path()}?limit=100&cursor=${first.nextCursor}`)).json<typeof first>();
    const ids = [...first.data, ...second.data].map((budget) => budget.id);
    expect(ids).toEqual([...new Set(ids)].sort().reverse());
    expect(ids.length).toBeGreaterThan(2);
    expect(second.nextCursor).toBeNull();
  });

  it("A3: another organisation's budget is not found under one's own, nor by a service key of another", async () => {
    const { id } = await created({ ...monthly }, other);
    for (const method of ['GET', 'DELETE'] as const) expect((await app.request(method, path(organisation, id))).statusCode).toBe(404);
    expect((await app.request('PATCH', path(organisation, id), { limit: '1' })).statusCode).toBe(404);
    const key = app.serviceKey(organisation, project, 'limits:read');
    expect((await app.request('GET', path(other), undefined, key)).statusCode).toBe(404);
    expect((await app.request('GET', path(other, id), undefined, key)).statusCode).toBe(404);
  });

  it('a key without the permission is forbidden', async () => {
    const key = app.serviceKey(organisation, project, 'usage:read');
    expect((await app.request('GET', path(), undefined, key)).statusCode).toBe(403);
  });
});

describe('changing and deleting a budget', () => {
  it('U2: a raised limit makes its alerts due again, a crossed one stays told', async () => {
    const { id } = await created({ ...monthly, kind: 'soft', period: 'total', limit: '10' });
    await spend(id, '1970-01-01', { spent: '10', alerted: 100 });
    const answer = await app.request('PATCH', path(organisation, id), { limit: '20' });
    expect(answer.json()).toMatchObject({ limit: '20', current: { spent: '10', remaining: '10', resetsAt: null } });
    const { rows } = await app.inner.owner.query('SELECT alerted_percent, notified_percent FROM budget_period WHERE budget_id = $1', [id]);
    expect(rows).toEqual([{ alerted_percent: 50, notified_percent: 50 }]);
    expect(await app.auditActions(organisation)).toContain('budget.changed');
  });

  it('a change of nothing, or of what stays for life, is refused', async () => {
    const { id } = await created({ ...monthly, scope: 'project', scopeId: project, period: 'daily' });
    for (const body of [{}, { period: 'total' }, { limit: null }, { kind: 'firm' }]) {
      expect((await app.request('PATCH', path(organisation, id), body)).statusCode, JSON.stringify(body)).toBe(400);
    }
  });

  it('a deleted budget takes its periods with it, and a second delete finds nothing', async () => {
    const { id } = await created({ ...monthly, kind: 'soft', scope: 'project', scopeId: project, period: 'daily' });
    await spend(id, '2026-03-14', { spent: '1' });
    expect((await app.request('DELETE', path(organisation, id))).statusCode).toBe(204);
    expect((await app.request('DELETE', path(organisation, id))).statusCode).toBe(404);
    const { rowCount } = await app.inner.owner.query('SELECT FROM budget_period WHERE budget_id = $1', [id]);
    expect(rowCount).toBe(0);
  });
});

describe('telling that a threshold was crossed', () => {
  it('U2: leaves one audit row, one notice and one webhook event however often the event is delivered, and none for a lower one that comes late', async () => {
    const job = app.inner.get(TellBudgetThresholdJob);
    const { id } = await created({ ...monthly, kind: 'soft', scope: 'project', scopeId: project, period: 'total' });
    await spend(id, '1970-01-01', { spent: '80' });
    // The clock stands on a day that the worker's real one makes no partitions for.
    for (const [table, day] of [
      ['organisation_notice', '2026-06-12'],
      ['webhook_event', '2026-04-13'],
      ['webhook_delivery', '2026-04-13'],
    ])
      await app.inner.owner.query('SELECT create_expiry_partition($1, $2)', [table, day]);
    const webhook = { url: 'https://hooks.example.com/lethe', eventTypes: ['budget.threshold.crossed'] };
    expect((await app.request('POST', `/organisations/${organisation}/webhooks`, webhook)).statusCode).toBe(201);
    const event = (percent: number) => ({ budgetId: id, organisationId: organisation, periodStart: '1970-01-01', percent });
    await Promise.all([job.handle(event(80)), job.handle(event(80)), job.handle(event(80))]);
    await job.handle(event(50));
    const told = (await app.auditActions(organisation)).filter((action) => action === 'budget.threshold_crossed');
    expect(told).toHaveLength(1);
    const said = { budgetId: id, percent: 80, periodStart: '1970-01-01' };
    const notices = await app.inner.owner.query(`SELECT kind, detail FROM organisation_notice WHERE organisation_id = $1`, [organisation]);
    expect(notices.rows).toEqual([{ kind: 'budget_threshold_crossed', detail: said }]);
    const events = await app.inner.owner.query(`SELECT type, detail FROM webhook_event WHERE organisation_id = $1`, [organisation]);
    expect(events.rows).toEqual([{ type: 'budget.threshold.crossed', detail: said }]);
    expect(app.inner.lines.filter((line) => line.includes(id) && line.includes('alert threshold'))).toHaveLength(1);
  });

  it('says nothing about a budget that is gone', async () => {
    const before = await app.auditActions(organisation);
    const event = { budgetId: newId(), organisationId: organisation, periodStart: '2026-03-14', percent: 100 };
    await app.inner.get(TellBudgetThresholdJob).handle(event);
    expect(await app.auditActions(organisation)).toEqual(before);
  });
});
