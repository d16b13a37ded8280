import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { DyingUnitOfWork, Killed } from '../../../../../test/harness/dying-unit-of-work.js';
import { RollupBench, row, START_MS } from '../../../../../test/harness/rollups.js';
import { DAY_MS } from '../../../../kernel/clock.js';
import { newId, type OrganisationId } from '../../../../kernel/ids.js';
import type { UnitOfWork } from '../../../../platform/database/unit-of-work.js';
import { RollupCellsRepository } from '../../data/rollup-cells.repository.js';
import { HOUR_MS, hourOf } from './rollup-windows.js';

const CALLS = 6_000;
/** A tenth of a millisecond for each duration, of which a call has two: on any machine an hour takes more than a second, and a minute some hundredths. */
const SLOW_COUNT = `ALTER FUNCTION count_durations RENAME TO count_durations_at_once;
  CREATE FUNCTION count_durations(durations integer[]) RETURNS bytea LANGUAGE plpgsql AS $$
  BEGIN
    PERFORM pg_sleep(cardinality(durations) * 0.0001);
    RETURN count_durations_at_once(durations);
  END $$`;
const LIMIT_MS = 600;
/** More than is left to do after three deaths. */
const MOST_DEATHS = 10;
const HOUR = hourOf(START_MS - 5 * HOUR_MS);

let bench: RollupBench;

beforeAll(async () => {
  bench = await RollupBench.start();
});

afterAll(() => bench?.stop());

describe('U1: an hour that is too much for one statement', () => {
  const crowded = newId<OrganisationId>();
  let whole: unknown[];
  let limited: UnitOfWork;

  beforeAll(async () => {
    await bench.reset();
    await bench.crowd(crowded, HOUR.startMs, CALLS);
    await bench.owner.query(SLOW_COUNT);
    await bench.round();
    whole = await bench.cells('hour');
    limited = await bench.within(LIMIT_MS);
  });

  beforeEach(() => bench.forget());

  it('is the hour a statement would have made, to the byte, and so is its day', async () => {
    await expect(makeAtOnce(limited)).rejects.toMatchObject({ code: '57014' });
    await bench.round(limited);
    expect(await bench.cells('hour')).toEqual(whole);
    expect(await bench.cells('minute')).toEqual([]);
    expect(await bench.lateHours()).toBe(0);
    bench.clock.advance(DAY_MS);
    await bench.round(limited);
    expect(await bench.rolledUp('day')).toEqual(await bench.inLedger(bench.clock.nowMs()));
  });

  it('goes on where a worker died, is read from the ledger until it is whole, and counts what came meanwhile', async () => {
    let deaths = 0;
    while (deaths < MOST_DEATHS && !(await survives(new DyingUnitOfWork(limited, bench.owner, 150)))) {
      deaths += 1;
      if (deaths === 2) await bench.replay(row(crowded, HOUR.startMs + 1_000));
      const { total } = await bench.series(crowded);
      expect(total.calls).toBe(CALLS + (deaths >= 2 ? 1 : 0));
    }
    expect(deaths).toBeGreaterThan(2);
    expect(deaths).toBeLessThan(MOST_DEATHS);
    await bench.round();
    expect(await bench.rolledUp('hour')).toEqual(await bench.inLedger(START_MS));
    expect(await bench.cells('minute')).toEqual([]);
    expect(await bench.lateHours()).toBe(0);
  });

  it('stays as it is when its records are partly gone before it is made anew', async () => {
    await bench.round();
    const before = await bench.cells('hour');
    await bench.replay(row(crowded, HOUR.startMs + 2_000));
    expect(await survives(new DyingUnitOfWork(limited, bench.owner, 150))).toBe(false);
    await bench.owner.query(`DELETE FROM call_record WHERE started_at > $1`, [new Date(HOUR.startMs + HOUR_MS / 2)]);
    await bench.round(limited);
    expect(await bench.cells('hour')).toEqual(before);
    expect(await bench.cells('minute')).toEqual([]);
    expect(await bench.lateHours()).toBe(0);
  });

  async function makeAtOnce(unitOfWork: UnitOfWork): Promise<void> {
    await unitOfWork.asSystem((tx) =>
      new RollupCellsRepository().replaceByRecords(tx, HOUR, [{ organisationId: crowded, expiresOn: bench.expiresOn(HOUR, crowded) }]),
    );
  }
});

describe('U1: an organisation whose hour the database will not make', () => {
  /** Two of them are more than the sum of an hour has digits for. */
  const FORTUNE = '900000000000000000';

  it('stops no other, stays marked, and is made as soon as it can be', async () => {
    await bench.reset();
    const troubled = newId<OrganisationId>();
    const [other] = await bench.someCalls();
    const twice = [1, 2].map((minute) => row(troubled, HOUR.startMs + minute * 60_000, { cost: FORTUNE }));
    await bench.record(...twice, row(troubled, HOUR.startMs - HOUR_MS));
    for (let rounds = 0; rounds < 3; rounds += 1) await bench.round();
    expect((await bench.progress()).hours).toBe(START_MS - HOUR_MS);
    expect((await bench.rolledUp('hour')).calls).toBe((await bench.inLedger(START_MS - HOUR_MS)).calls - 2);
    expect(await bench.lateHours()).toBe(1);
    bench.clock.advance(DAY_MS);
    await bench.round();
    expect((await bench.progress()).days).toBeGreaterThan(HOUR.startMs);
    expect((await bench.series(other)).total.calls).toBeGreaterThan(0);

    await bench.owner.query('DELETE FROM call_record WHERE id = $1', [twice[0]?.['id']]);
    expect((await bench.series(troubled)).total.calls).toBe(2);
    await bench.round();
    expect(await bench.lateHours()).toBe(0);
    const all = await bench.inLedger(bench.clock.nowMs());
    expect(await bench.rolledUp('hour')).toEqual(all);
    expect(await bench.rolledUp('day')).toEqual(all);
  });
});

/** Whether a round comes to its end before it is killed. */
async function survives(mortal: UnitOfWork): Promise<boolean> {
  try {
    await bench.round(mortal);
    return true;
  } catch (error) {
    if (error instanceof Killed) return false;
    throw error;
  }
}
