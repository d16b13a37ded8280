import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { newId, type OrganisationId, type ProjectId } from '../../src/kernel/ids.js';
import type { Principal } from '../../src/platform/http/principal.js';
import { UsageApp } from '../harness/usage.js';

interface Call {
  readonly id: string;
  readonly outcome: string;
  readonly cost: string | null;
  readonly costState: string;
  readonly requestedModel: string;
  readonly projectId: string;
  readonly organisationId: string;
}

interface CallPage {
  readonly data: readonly Call[];
  readonly nextCursor: string | null;
}

let app: UsageApp;
let organisation: OrganisationId;
let other: OrganisationId;
let project: ProjectId;
let secondProject: ProjectId;
let key: Principal;

beforeAll(async () => {
  app = await UsageApp.start();
  organisation = await app.inner.organisation();
  other = await app.inner.organisation();
  project = await app.inner.project(organisation);
  secondProject = await app.inner.project(organisation);
  key = app.serviceKey(organisation, project, 'usage:read');
});

afterAll(() => app?.stop());

const own = () => ({ organisation_id: organisation, project_id: project });

async function list(query: string, principal?: Principal): Promise<CallPage> {
  const answer = await app.request('GET', `/usage/requests?${query}`, undefined, principal);
  expect(answer.statusCode, answer.body).toBe(200);
  return answer.json();
}

describe('the list of calls', () => {
  it('peers 11: tells a known cost, an unknown one and one that is pending apart, and never shows zero for unknown', async () => {
    const known = await app.record({ ...own(), cost: '0.000000075000', price_source: 'catalogue', requested_model: 'states' });
    const free = await app.record({ ...own(), cost: '0', price_source: 'override', requested_model: 'states' });
    const unknown = await app.record({ ...own(), outcome: 'cut', usage_source: 'unknown', requested_model: 'states' });
    const open = await app.intent({ ...own(), requested_model: 'states' });
    const { data } = await list('model=states', key);
    expect(data.map(({ id, cost, costState, outcome }) => ({ id, cost, costState, outcome }))).toEqual([
      { id: open, cost: null, costState: 'pending', outcome: 'open' },
      { id: unknown, cost: null, costState: 'unknown', outcome: 'cut' },
      { id: free, cost: '0', costState: 'known', outcome: 'succeeded' },
      { id: known, cost: '0.000000075', costState: 'known', outcome: 'succeeded' },
    ]);
  });

  it('shows every column of the ledger, the routing trace included', async () => {
    const credential = newId();
    const attempt = {
      credentialId: credential,
      provider: 'openai',
      model: 'gpt-4o',
      reason: 'first',
      outcome: 'succeeded',
      status: 200,
      ms: 12,
    };
    const id = await app.record({
      ...own(),
      client_request_id: 'mine-1',
      http_status: 200,
      finish_reason: 'stop',
      provider: 'openai',
      upstream_model: 'gpt-4o-2024-08-06',
      credential_id: credential,
      upstream_request_id: 'req-1',
      input_tokens: 10,
      cached_input_tokens: 4,
      cache_write_tokens: 0,
      output_tokens: 5,
      reasoning_tokens: 2,
      cost: '0.01',
      price_source: 'catalogue',
      latency_ms: 250,
      first_token_ms: 90,
      attempts: JSON.stringify([attempt]),
      hold: '0.02',
    });
    const { rows } = await app.inner.owner.query<Record<string, unknown>>('SELECT * FROM call_record WHERE id = $1', [id]);
    const shown = (await app.request('GET', `/usage/requests/${id}`, undefined, key)).json<Record<string, unknown>>();
    const camel = (name: string): string => name.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
    expect(Object.keys(shown).sort()).toEqual([...Object.keys(rows[0] ?? {}).map(camel), 'costState'].sort());
    expect(shown).toMatchObject({
      id,
      attempts: [attempt],
      cost: '0.01',
      hold: '0.02',
      inputTokens: 10,
      firstTokenMs: 90,
      expiresOn: '2099-01-01',
    });
  });

  it('pages newest first without a gap or a repeat, over records and calls in flight alike', async () => {
    const ids: string[] = [];
    for (let index = 0; index < 7; index += 1) {
      const row = { ...own(), requested_model: 'paged' };
      ids.push(index % 3 === 0 ? await app.intent(row) : await app.record({ ...row, expires_on: `2099-01-0${1 + (index % 2)}` }));
    }
    const seen: string[] = [];
    for (let cursor = ''; ; ) {
      const page = await list(`model=paged&limit=2${cursor}`, key);
      seen.push(...page.data.map((call) => call.id));
      if (page.nextCursor === null) break;
      cursor = `&cursor=${page.nextCursor}`;
    }
    expect(seen).toEqual([...ids].reverse());
  });

  it('filters by each condition and by all together', async () => {
    const row = {
      ...own(),
      requested_model: 'filtered',
      provider: 'openai',
      stream: true,
      client_request_id: 'a',
      key_id: newId(),
      outcome: 'failed',
    };
    const id = await app.record(row);
    await app.record({ ...own(), requested_model: 'filtered', provider: 'stand_in' });
    await app.intent({ ...own(), requested_model: 'filtered', client_request_id: 'b' });
    const conditions = ['provider=openai', 'outcome=failed', 'clientRequestId=a', `keyId=${row.key_id}`];
    for (const condition of conditions)
      expect(
        (await list(`model=filtered&${condition}`, key)).data.map((call) => call.id),
        condition,
      ).toEqual([id]);
    const together = `${conditions.join('&')}&stream=true&usageSource=reported&projectId=${project}`;
    expect((await list(`model=filtered&${together}`)).data.map((call) => call.id)).toEqual([id]);
    expect((await list('model=filtered&outcome=open', key)).data).toHaveLength(1);
    expect((await list('model=filtered&stream=false', key)).data).toHaveLength(1);
    expect((await list('model=filtered&outcome=open&provider=openai', key)).data).toEqual([]);
  });

  it('takes from as included and to as excluded, to the millisecond', async () => {
    const start = new Date('2026-05-01T10:00:00.000Z');
    // Ids carry the time of the call, and the range is found by them.
    const idAt = (ms: number): string =>
      `${ms
        .toString(16)
        .padStart(12, '0')
        .replace(/^(.{8})/, '$1-')}-7abc-8def-${newId().slice(-12)}`;
    const rows = [-1, 0, 59_999, 60_000].map((after) => new Date(start.getTime() + after));
    const ids: string[] = [];
    for (const started_at of rows)
      ids.push(await app.record({ ...own(), id: idAt(started_at.getTime()), started_at, requested_model: 'timed' }));
    const { data } = await list('model=timed&from=2026-05-01T10:00:00Z&to=2026-05-01T12:01:00%2B02:00', key);
    expect(data.map((call) => call.id)).toEqual([ids[2], ids[1]]);
  });

  it.each([
    ['outcome=fine', 'outcome'],
    ['from=yesterday', 'from'],
    ['stream=maybe', 'stream'],
    ['projectId=1', 'projectId'],
    ['limit=0', 'limit'],
    ['cursor=%7B%7D', 'cursor'],
    ['color=red', 'color'],
    ["model=a'%00", 'model'],
  ])('refuses %s and names the field', async (query, field) => {
    const answer = await app.request('GET', `/usage/requests?${query}`);
    expect(answer.statusCode, answer.body).toBe(400);
    expect(answer.json<{ errors: { field: string }[] }>().errors[0]?.field).toBe(field);
  });

  it('takes what looks like SQL for a value', async () => {
    expect((await list(`model=${encodeURIComponent("' OR true --")}`)).data).toEqual([]);
  });
});

describe('who sees which calls', () => {
  it('A3: a service key sees the calls of its own project and none of its organisation or another', async () => {
    const theirProject = await app.inner.project(other);
    const mine = await app.record({ ...own(), requested_model: 'seen' });
    const sibling = await app.record({ ...own(), project_id: secondProject, requested_model: 'seen' });
    const theirs = await app.record({ organisation_id: other, project_id: theirProject, requested_model: 'seen' });
    const theirsOpen = await app.intent({ organisation_id: other, project_id: theirProject, requested_model: 'seen' });
    expect((await list('model=seen', key)).data.map((call) => call.id)).toEqual([mine]);
    for (const id of [sibling, theirs, theirsOpen, newId()]) {
      const answer = await app.request('GET', `/usage/requests/${id}`, undefined, key);
      expect([answer.statusCode, answer.json<{ code: string }>().code]).toEqual([404, 'usage/call_not_found']);
    }
    for (const asked of [`organisationId=${other}`, `projectId=${secondProject}`, `projectId=${theirProject}`]) {
      for (const route of ['requests', 'summary']) {
        expect((await app.request('GET', `/usage/${route}?${asked}`, undefined, key)).statusCode).toBe(404);
      }
    }
    expect((await list('model=seen')).data.map((call) => call.id)).toEqual([theirsOpen, theirs, sibling, mine]);
    expect((await list(`model=seen&organisationId=${other}`)).data.map((call) => call.id)).toEqual([theirsOpen, theirs]);
    expect((await app.request('GET', `/usage/requests/${theirs}`)).statusCode).toBe(200);
  });

  it('A3: the database itself hides the rows of another organisation from a query that forgot to ask', async () => {
    await app.record({ organisation_id: other, project_id: newId() });
    const rows = await app.inner.unitOfWork.forOrganisation(organisation, (tx) =>
      tx.query<unknown[]>(
        'SELECT FROM call_record WHERE organisation_id = $1 UNION ALL SELECT FROM call_intent WHERE organisation_id = $1',
        [other],
      ),
    );
    expect(rows).toEqual([]);
  });

  it('a key without usage:read is forbidden', async () => {
    const caller = app.serviceKey(organisation, project, 'inference:invoke');
    for (const route of ['requests', 'summary', `requests/${newId()}`]) {
      expect((await app.request('GET', `/usage/${route}`, undefined, caller)).statusCode).toBe(403);
    }
  });
});
