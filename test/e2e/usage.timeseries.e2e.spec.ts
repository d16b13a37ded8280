import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { newId, type OrganisationId, type ProjectId } from '../../src/kernel/ids.js';
import { Money } from '../../src/kernel/money.js';
import { RollUpUsage } from '../../src/modules/usage/core/rollups/roll-up-usage.js';
import { idAt } from '../harness/rollups.js';
import { UsageApp } from '../harness/usage.js';

interface Figures {
  readonly calls: number;
  readonly cost: string;
  readonly latencyMs: { readonly p50: number } | null;
}

interface Series {
  readonly from: string;
  readonly to: string;
  readonly data: readonly (Figures & {
    readonly model?: string;
    readonly projectId?: string;
    readonly points: readonly (Figures & { readonly at: string })[];
  })[];
  readonly others: Figures | null;
  readonly total: Figures;
}

let app: UsageApp;
let organisation: OrganisationId;
let project: ProjectId;

beforeAll(async () => {
  app = await UsageApp.start();
  organisation = await app.inner.organisation();
  project = await app.inner.project(organisation);
  for (let index = 0; index < 60; index += 1) {
    const startedAt = Date.now() - index * 3_600_000;
    await app.record({
      id: idAt(startedAt),
      organisation_id: organisation,
      project_id: index % 2 === 0 ? project : newId(),
      started_at: new Date(startedAt),
      requested_model: `model-${index % 3}`,
      cost: `${index}.000000000001`,
      price_source: 'catalogue',
      latency_ms: 100,
      input_tokens: 10,
    });
  }
  const other = await app.inner.organisation();
  await app.record({ organisation_id: other, project_id: newId(), cost: '1000', price_source: 'catalogue' });
});

afterAll(() => app?.stop());

async function timeseries(query: string): Promise<Series> {
  const answer = await app.request('GET', `/usage/timeseries?organisationId=${organisation}&${query}`);
  expect(answer.statusCode, answer.body).toBe(200);
  return answer.json();
}

describe('usage by hour and day', () => {
  it('U1: adds up to the summary of the ledger, before and after it is rolled up', async () => {
    const ledger = (await app.request('GET', `/usage/summary?organisationId=${organisation}`)).json<{ total: Figures }>();
    const before = await timeseries('groupBy=model');
    expect([before.total.calls, before.total.cost]).toEqual([ledger.total.calls, ledger.total.cost]);
    await app.inner.get(RollUpUsage).run(new AbortController().signal);
    expect(await timeseries('groupBy=model')).toEqual(before);
    for (const series of before.data) {
      expect(Money.sum(series.points.map(({ cost }) => Money.parse(cost))).toString()).toBe(series.cost);
    }
    expect(before.total.latencyMs).toMatchObject({ p50: 100 });
  });

  it('widens what is asked for to whole hours, and leaves out those without calls', async () => {
    const from = new Date(Date.now() - 3 * 3_600_000);
    const { data, total, ...span } = await timeseries(`granularity=hour&from=${from.toISOString()}`);
    expect([span.from, span.to].every((at) => at.endsWith(':00:00.000Z'))).toBe(true);
    expect(data[0]?.points.length).toBe(total.calls);
    expect(total.calls).toBeLessThanOrEqual(4);
  });

  it('sums what is beyond the limit as the others', async () => {
    const { data, others, total } = await timeseries('groupBy=model&limit=1');
    expect(data).toHaveLength(1);
    expect((data[0]?.calls ?? 0) + (others?.calls ?? 0)).toBe(total.calls);
  });

  it('shows a service key its own project only', async () => {
    const key = app.serviceKey(organisation, project, 'usage:read');
    const { data } = (await app.request('GET', '/usage/timeseries?groupBy=project', undefined, key)).json<Series>();
    expect(data.map(({ projectId }) => projectId)).toEqual([project]);
    const foreign = await app.request('GET', `/usage/timeseries?projectId=${newId()}`, undefined, key);
    expect(foreign.statusCode).toBe(404);
  });

  it.each([
    ['granularity=week', 'granularity'],
    ['groupBy=person', 'groupBy'],
    ['limit=0', 'limit'],
    ['from=yesterday', 'from'],
    ['from=2026-03-02T00:00:00Z&to=2026-03-01T00:00:00Z', 'from'],
    ['granularity=hour&from=2026-01-01T00:00:00Z&to=2026-03-01T00:00:00Z', 'from'],
    ['outcome=open', 'outcome'],
  ])('refuses %s and names the field', async (query, field) => {
    const answer = await app.request('GET', `/usage/timeseries?organisationId=${organisation}&${query}`);
    expect([answer.statusCode, answer.body]).toEqual([400, expect.stringContaining(field)]);
  });

  it('says where hours are gone', async () => {
    const answer = await app.request('GET', '/usage/timeseries?granularity=hour&from=2020-01-01T00:00:00Z&to=2020-01-02T00:00:00Z');
    expect([answer.statusCode, answer.json<{ code: string }>().code]).toEqual([400, 'usage/hours_not_kept']);
  });
});

describe('statistics over organisations', () => {
  const statistics = (query = '') => app.inner.app.inject({ method: 'GET', url: `/admin/v1/statistics${query}` });

  it('are the operator’s to read, and nothing where nobody is a group', async () => {
    const answer = await statistics();
    expect([answer.statusCode, answer.json()]).toEqual([200, { data: [] }]);
  });

  it.each(['?from=2026-01-01T00:00:00Z&to=2026-03-01T00:00:00Z', '?from=2026-03-02T00:00:00Z&to=2026-03-01T00:00:00Z', '?from=soon'])(
    'refuse %s',
    async (query) => {
      const answer = await statistics(query);
      expect([answer.statusCode, answer.body]).toEqual([400, expect.stringContaining('from')]);
    },
  );
});
