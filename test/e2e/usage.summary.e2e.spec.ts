import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { newId, type OrganisationId, type ProjectId } from '../../src/kernel/ids.js';
import { Money } from '../../src/kernel/money.js';
import { UsageApp } from '../harness/usage.js';

type Figures = Readonly<Record<string, number>> & { readonly cost: string };

interface Summary {
  readonly data: readonly (Figures & { readonly model?: string; readonly provider?: string | null; readonly day?: string })[];
  readonly total: Figures;
  readonly truncated: boolean;
}

interface Listed {
  readonly data: readonly {
    readonly outcome: string;
    readonly cost: string | null;
    readonly inputTokens: number | null;
    readonly outputTokens: number | null;
  }[];
  readonly nextCursor: string | null;
}

const OUTCOMES = ['succeeded', 'failed', 'cut', 'disconnected', 'interrupted'];
const CALLS = 240;

let app: UsageApp;
let organisation: OrganisationId;
let project: ProjectId;

beforeAll(async () => {
  app = await UsageApp.start();
  organisation = await app.inner.organisation();
  project = await app.inner.project(organisation);
  await fill(organisation, project);
  const other = await app.inner.organisation();
  await app.record({ organisation_id: other, project_id: newId(), cost: '1000', price_source: 'catalogue' });
});

afterAll(() => app?.stop());

/** Calls of every outcome whose costs have twelve decimals, a third of them unknown, over four days and three models. */
async function fill(organisationId: OrganisationId, projectId: ProjectId): Promise<void> {
  const today = Math.floor(Date.now() / 86_400_000) * 86_400_000;
  for (let index = 0; index < CALLS; index += 1) {
    const unknown = index % 3 === 0;
    await app.record({
      organisation_id: organisationId,
      project_id: index % 2 === 0 ? projectId : newId(),
      started_at: new Date(today - (index % 4) * 86_400_000),
      requested_model: `model-${index % 3}`,
      provider: index % 5 === 0 ? null : `provider-${index % 2}`,
      outcome: OUTCOMES[index % 5],
      usage_source: unknown ? 'unknown' : 'reported',
      ...(unknown ? {} : { input_tokens: index, cached_input_tokens: 1, cache_write_tokens: 2, output_tokens: 3, reasoning_tokens: 1 }),
      ...(unknown ? {} : { cost: `${index}.000000000001`, price_source: 'catalogue' }),
    });
  }
  await app.intent({ organisation_id: organisationId, project_id: projectId, requested_model: 'model-0' });
}

async function summary(query: string): Promise<Summary> {
  const answer = await app.request('GET', `/usage/summary?organisationId=${organisation}&${query}`);
  expect(answer.statusCode, answer.body).toBe(200);
  return answer.json();
}

async function everyCall(): Promise<Listed['data'][number][]> {
  const calls: Listed['data'][number][] = [];
  for (let cursor = ''; ; ) {
    const page = (await app.request('GET', `/usage/requests?organisationId=${organisation}&limit=200${cursor}`)).json<Listed>();
    calls.push(...page.data);
    if (page.nextCursor === null) return calls;
    cursor = `&cursor=${page.nextCursor}`;
  }
}

const add = (rows: readonly Figures[], name: string): number => rows.reduce((sum, row) => sum + (row[name] ?? 0), 0);

describe('the usage summary', () => {
  it('U1: reconciles exactly with the ledger, call by call and to the last decimal', async () => {
    const calls = await everyCall();
    const ended = calls.filter((call) => call.outcome !== 'open');
    const { total, data } = await summary('');
    expect(data).toEqual([]);
    expect(total).toEqual({
      calls: CALLS,
      ...Object.fromEntries(OUTCOMES.map((outcome) => [outcome, calls.filter((call) => call.outcome === outcome).length])),
      open: 1,
      inputTokens: ended.reduce((sum, call) => sum + (call.inputTokens ?? 0), 0),
      outputTokens: ended.reduce((sum, call) => sum + (call.outputTokens ?? 0), 0),
      cachedInputTokens: 160,
      cacheWriteTokens: 320,
      reasoningTokens: 160,
      cost: Money.sum(ended.map((call) => Money.parse(call.cost ?? '0'))).toString(),
      unknownCostCalls: ended.filter((call) => call.cost === null).length,
      unknownUsageCalls: 80,
    });
    expect(total.cost).toMatch(/\.00000000016$/);
  });

  it.each(['model', 'provider', 'project', 'key', 'day', 'model,day', 'provider,model,day', 'model,provider,project,key,day'])(
    'U1: groups by %s add up to the total',
    async (groupBy) => {
      const { data, total, truncated } = await summary(`groupBy=${groupBy}`);
      expect(truncated).toBe(false);
      for (const name of Object.keys(total).filter((each) => each !== 'cost')) expect(add(data, name), name).toBe(total[name]);
      expect(Money.sum(data.map((row) => Money.parse(row.cost))).toString()).toBe(total.cost);
    },
  );

  it('names each group by what was asked for, a missing provider as null', async () => {
    const { data } = await summary('groupBy=provider,model');
    const groups = data.map(({ provider, model }) => `${provider}/${model}`);
    expect(new Set(groups).size).toBe(groups.length);
    expect(groups).toContain('null/model-0');
    expect(data[0]).not.toHaveProperty('day');
  });

  it('a summary cut short says so, keeps the costliest groups and still totals everything', async () => {
    const whole = await summary('groupBy=key');
    const short = await summary('groupBy=key&limit=5');
    expect(short.truncated).toBe(true);
    expect(short.data).toEqual(whole.data.slice(0, 5));
    expect(short.total).toEqual(whole.total);
    expect(short.data[0]?.cost).toBe('239.000000000001');
  });

  it('takes the same filters as the list', async () => {
    const { total } = await summary(`projectId=${project}&model=model-1&outcome=succeeded`);
    const listed = (
      await app.request('GET', `/usage/requests?projectId=${project}&model=model-1&outcome=succeeded&limit=200`)
    ).json<Listed>();
    expect(total['calls']).toBe(listed.data.length);
    expect(total['open']).toBe(0);
    expect((await summary(`from=${new Date().toISOString()}`)).total['calls']).toBe(0);
  });

  it('of nothing is zero calls and a known cost of zero', async () => {
    const { data, total } = await summary('model=none&groupBy=model');
    expect(data).toEqual([]);
    expect(total).toMatchObject({ calls: 0, cost: '0', unknownCostCalls: 0 });
  });

  it('a service key sums up its own project only', async () => {
    const key = app.serviceKey(organisation, project, 'usage:read');
    const answer = await app.request('GET', '/usage/summary?groupBy=project', undefined, key);
    expect(answer.json<{ data: { projectId: string; calls: number }[] }>().data).toMatchObject([{ projectId: project, calls: CALLS / 2 }]);
  });

  it.each(['cursor=x', 'groupBy=colour', 'groupBy=model,model', 'groupBy=', 'limit=1001', 'groupBy=model;drop'])(
    'refuses %s',
    async (query) => {
      expect((await app.request('GET', `/usage/summary?${query}`)).statusCode).toBe(400);
    },
  );
});
