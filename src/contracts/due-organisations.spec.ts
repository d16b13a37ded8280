import { expect, it } from 'vitest';
import { fixedWindows } from '../../test/harness/windows.js';
import { newId, type OrganisationId } from '../kernel/ids.js';
import { type DuePage, dueOrganisations, type LastDay } from './due-organisations.js';

const [brief, long] = [newId<OrganisationId>(), newId<OrganisationId>()];

const windows = fixedWindows({ network_trace: 30 });
windows.setFor(brief, 'network_trace', 3);
const traces = { windows, dataClass: 'network_trace' } as const;
const nowMs = Date.parse('2026-05-31T23:59:59Z');

/** What is due to whom by the answers to one page after the other, and which pages were asked for. */
async function walk(answers: readonly (readonly OrganisationId[])[], stopAfter = Number.POSITIVE_INFINITY) {
  const asked: DuePage[] = [];
  const due: (readonly LastDay[])[] = [];
  const stop = new AbortController();
  const find = (page: DuePage) => Promise.resolve(answers[asked.push(page) - 1] ?? []);
  for await (const days of dueOrganisations(traces, { nowMs, signal: stop.signal }, find)) {
    if (due.push(days) === stopAfter) stop.abort();
  }
  return { asked, due };
}

it('D2: each organisation is due to the last day of its own window; those are asked for that the shortest may concern', async () => {
  const { asked, due } = await walk([[brief, long]]);
  expect(asked).toEqual([{ latestDay: '2026-05-28', after: null, limit: 500 }]);
  expect(due).toEqual([
    [
      { organisationId: brief, day: '2026-05-28' },
      { organisationId: long, day: '2026-05-01' },
    ],
  ]);
});

it('a full page has one after it, from its last organisation on; one that is not is the last, and an empty one is nobody’s', async () => {
  const full = Array.from({ length: 500 }, () => newId<OrganisationId>());
  const { asked, due } = await walk([full, full.slice(0, 499), [brief]]);
  expect(asked.map(({ after }) => after)).toEqual([null, full.at(-1)]);
  expect(due.map(({ length }) => length)).toEqual([500, 499]);
  expect((await walk([full, []])).due).toHaveLength(1);
  expect(await walk([[]])).toMatchObject({ asked: [{ after: null }], due: [] });
});

it('no page is asked for once the round is to stop', async () => {
  const full = Array.from({ length: 500 }, () => newId<OrganisationId>());
  expect((await walk([full, full, full], 2)).asked).toHaveLength(2);
});
