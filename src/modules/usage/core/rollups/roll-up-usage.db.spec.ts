import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { idAt, METADATA_DAYS, RollupBench, row, START_MS } from '../../../../../test/harness/rollups.js';
import { DAY_MS, ManualClock, utcDayAfter } from '../../../../kernel/clock.js';
import { newId, type OrganisationId } from '../../../../kernel/ids.js';
import type { Tx, UnitOfWork } from '../../../../platform/database/unit-of-work.js';
import { dayOf, HOUR_MS } from './rollup-windows.js';

let bench: RollupBench;

beforeAll(async () => {
  bench = await RollupBench.start();
});

afterAll(() => bench?.stop());

beforeEach(() => bench.reset());

describe('U1: roll-ups', () => {
  it('add up to the ledger, to the last decimal, for all hours and days that are over', async () => {
    await bench.someCalls();
    await bench.round();
    expect(await bench.progress()).toEqual({ hours: START_MS - HOUR_MS, days: dayOf(START_MS).startMs });
    expect(await bench.rolledUp('hour')).toEqual(await bench.inLedger(START_MS - HOUR_MS));
    expect(await bench.rolledUp('day')).toEqual(await bench.inLedger(dayOf(START_MS).startMs));
    expect((await bench.rolledUp('day')).cost).not.toMatch(/\.0+$/);
  });

  it('stay the same however often they are made, and count on as time goes', async () => {
    const [organisation] = await bench.someCalls();
    for (let hours = 0; hours < 4; hours += 1) {
      await bench.round();
      await bench.round();
      expect(await bench.rolledUp('hour')).toEqual(await bench.inLedger((await bench.progress()).hours));
      await bench.record(row(organisation as OrganisationId, bench.clock.nowMs()));
      bench.clock.advance(HOUR_MS);
    }
  });

  it('wait for a call in flight, however long it takes', async () => {
    const organisation = newId<OrganisationId>();
    const began = START_MS - 3 * HOUR_MS + 60_000;
    await bench.owner.query(
      `INSERT INTO call_intent (id, expires_on, organisation_id, project_id, key_id, instance_id, started_at, operation, requested_model, stream, hold, budgets)
       VALUES ($1, $2, $3, $3, $3, $3, $4, 'chat', 'm', false, 0, '[]')`,
      [idAt(began), utcDayAfter(began, METADATA_DAYS), organisation, new Date(began)],
    );
    await bench.record(row(organisation, began));
    await bench.round();
    expect(await bench.progress()).toMatchObject({ hours: START_MS - 3 * HOUR_MS });
    expect((await bench.rolledUp('hour')).calls).toBe(0);
    await bench.owner.query('DELETE FROM call_intent');
    await bench.record(row(organisation, began));
    await bench.round();
    expect((await bench.rolledUp('hour')).calls).toBe(2);
  });

  it('take in what a journal replays days later, and what replaces a record of the reaper, once', async () => {
    const [organisation] = await bench.someCalls();
    const lateMs = START_MS - 2 * DAY_MS;
    const interrupted = row(organisation as OrganisationId, lateMs, {
      outcome: 'interrupted',
      cost: null,
      usage_source: 'unknown',
      latency_ms: null,
    });
    await bench.record(interrupted);
    await bench.round();
    const late = row(organisation as OrganisationId, lateMs + 60_000, { cost: '7.5' });
    await bench.replay({ ...interrupted, outcome: 'succeeded', cost: '3.25' }, late);
    await bench.replay(late);
    await bench.round();
    expect(await bench.rolledUp('hour')).toEqual(await bench.inLedger(START_MS - HOUR_MS));
    expect(await bench.rolledUp('day')).toEqual(await bench.inLedger(dayOf(START_MS).startMs));
    expect(await bench.lateHours()).toBe(0);
  });

  it('take in what a gateway with a clock that is slow by hours has recorded, when the day is closed', async () => {
    const organisation = newId<OrganisationId>();
    bench.clock = new ManualClock(dayOf(START_MS).startMs + HOUR_MS);
    await bench.record(row(organisation, bench.clock.nowMs() - 5 * HOUR_MS));
    await bench.round();
    await bench.record(row(organisation, bench.clock.nowMs() - 5 * HOUR_MS));
    bench.clock.advance(DAY_MS);
    await bench.round();
    for (const grain of ['hour', 'day'] as const) expect((await bench.rolledUp(grain)).calls).toBe(2);
  });

  it('are never made anew from what retention has left of their records (D2)', async () => {
    const organisation = newId<OrganisationId>();
    const atMs = START_MS - 2 * DAY_MS;
    const calls = [0, 1, 2].map((minute) => row(organisation, atMs + minute * 60_000, { cost: '5' }));
    const late = [3, 4, 5].map((minute) => row(organisation, atMs + minute * 60_000, { cost: '1' }));
    await bench.record(...calls);
    await bench.round();
    const before = [await bench.rolledUp('hour'), await bench.rolledUp('day')];
    // Two are gone, as after a window was shortened: one that comes late makes two, which is one too few.
    await bench.owner.query('DELETE FROM call_record WHERE id = ANY ($1)', [calls.slice(1).map(({ id }) => id)]);
    await bench.replay(late[0] ?? {});
    await bench.round();
    expect([await bench.rolledUp('hour'), await bench.rolledUp('day')]).toEqual(before);
    // All are gone, and as many have come since.
    bench.clock.advance((METADATA_DAYS + 2) * DAY_MS);
    await bench.owner.query('TRUNCATE call_record');
    await bench.replay(...late);
    await bench.round();
    expect([await bench.rolledUp('hour'), await bench.rolledUp('day')]).toEqual(before);
    expect(await bench.lateHours()).toBe(0);
  });

  it('are none the wiser for a worker that dies at any of its transactions', async () => {
    const [organisation] = await bench.someCalls(60);
    await bench.round();
    const lateMs = START_MS - 2 * DAY_MS;
    for (let survived = 0; ; survived += 1) {
      await bench.replay(row(organisation as OrganisationId, lateMs + survived * 1_000));
      const isDone = await dyingRound(survived);
      if (isDone) break;
      bench.clock.advance(10 * 60_000);
      await bench.record(row(organisation as OrganisationId, bench.clock.nowMs() - 60_000));
    }
    await bench.round();
    expect(await bench.rolledUp('hour')).toEqual(await bench.inLedger((await bench.progress()).hours));
    expect(await bench.rolledUp('day')).toEqual(await bench.inLedger((await bench.progress()).days));
  });

  it('hold no id of a call and nothing a client wrote but the name of the model', async () => {
    await bench.someCalls();
    await bench.round();
    const { rows } = await bench.owner.query<{ row: string }>('SELECT to_jsonb(r)::text AS row FROM usage_rollup r');
    expect(rows.length).toBeGreaterThan(50);
    expect(rows.some(({ row: text }) => text.includes('ticket-of-a-person'))).toBe(false);
  });

  it('name two hundred models of an hour at most, and lose no call by it', async () => {
    const organisation = newId<OrganisationId>();
    const atMs = START_MS - 5 * HOUR_MS;
    const names = Array.from({ length: 230 }, (_, index) =>
      row(organisation, atMs, { requested_model: `made-up-${index}`, latency_ms: index }),
    );
    await bench.record(
      ...names,
      row(organisation, atMs, { requested_model: 'real' }),
      row(organisation, atMs, { requested_model: 'real' }),
    );
    await bench.round();
    const { rows } = await bench.owner.query<{ model: string | null; calls: number }>(
      'SELECT model, calls::int FROM usage_rollup ORDER BY calls DESC, model',
    );
    expect(rows).toHaveLength(201);
    expect(rows.slice(0, 2)).toEqual([
      { model: null, calls: 31 },
      { model: 'real', calls: 2 },
    ]);
    expect((await bench.rolledUp('hour')).calls).toBe(232);
  });

  it('are another organisation’s to nobody: A3, by the database', async () => {
    const [mine] = await bench.someCalls();
    await bench.round();
    const seen: { id: string }[] = await bench.unitOfWork.forOrganisation(mine as OrganisationId, (tx) =>
      tx.query('SELECT DISTINCT organisation_id AS id FROM usage_rollup'),
    );
    expect(seen).toEqual([{ id: mine }]);
  });

  it('are kept as long as their class says, hours a quarter at most', async () => {
    await bench.someCalls();
    await bench.round();
    const { rows } = await bench.owner.query<{ grain: string; days: number }>(
      `SELECT DISTINCT grain::text AS grain, expires_on - (bucket_start AT TIME ZONE 'UTC')::date AS days FROM usage_rollup ORDER BY 1`,
    );
    expect(rows).toEqual([
      { grain: 'day', days: 396 },
      { grain: 'hour', days: 92 },
    ]);
  });
});

/** A round that is cut off after so many of its transactions; whether it came to its end before. */
async function dyingRound(survived: number): Promise<boolean> {
  const real = bench.unitOfWork;
  let left = survived;
  const dying = {
    asSystem: <T>(work: (tx: Tx) => Promise<T>): Promise<T> =>
      real.asSystem(async (tx) => {
        const result = await work(tx);
        left -= 1;
        if (left < 0) throw new Error('killed');
        return result;
      }),
    forOrganisation: real.forOrganisation.bind(real),
  } as UnitOfWork;
  return bench.round(dying).then(
    () => true,
    () => false,
  );
}
