import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { RollupBench, row, START_MS } from '../../../../../test/harness/rollups.js';
import { DAY_MS } from '../../../../kernel/clock.js';
import { newId, type OrganisationId } from '../../../../kernel/ids.js';
import { bucketOf, DurationSketch } from './duration-sketch.js';
import { HOUR_MS } from './rollup-windows.js';

let bench: RollupBench;

beforeAll(async () => {
  bench = await RollupBench.start();
});

afterAll(() => bench?.stop());

beforeEach(() => bench.reset());

describe('U1: the series', () => {
  it.each(['hour', 'day'] as const)('by %s are the ledger’s figures at any moment, whatever is rolled up by then', async (granularity) => {
    const [organisation] = await bench.someCalls();
    const request = { granularity, fromMs: START_MS - 12 * HOUR_MS - 3 * DAY_MS, groupBy: ['model', 'outcome'] } as const;
    const fromLedger = await bench.series(organisation, request);
    expect(fromLedger.series.length).toBeGreaterThan(5);
    await bench.owner.query(`UPDATE usage_rollup_progress SET hours_until = 'epoch'`);
    await bench.round();
    expect(await bench.series(organisation, request)).toEqual(fromLedger);
    // A late record shows at once, before any round.
    await bench.replay(row(organisation as OrganisationId, START_MS - 2 * DAY_MS, { cost: '1' }));
    const withLate = await bench.series(organisation, request);
    expect(withLate.total.calls).toBe(fromLedger.total.calls + 1);
    await bench.round();
    expect(await bench.series(organisation, request)).toEqual(withLate);
  });

  it('of all organisations are the sum of each', async () => {
    const organisations = await bench.someCalls();
    await bench.round();
    const all = await bench.series(undefined);
    const each = await Promise.all(organisations.map((organisation) => bench.series(organisation)));
    expect(all.total.calls).toBe(each.reduce((sum, { total }) => sum + total.calls, 0));
    expect(all.total.calls).toBe(400);
  });

  it('of groups beyond the limit are summed as the others, and the total is of all', async () => {
    const [organisation] = await bench.someCalls();
    await bench.round();
    const whole = await bench.series(organisation, { groupBy: ['model', 'provider'] });
    const short = await bench.series(organisation, { groupBy: ['model', 'provider'], limit: 2 });
    expect(short.series).toEqual(whole.series.slice(0, 2));
    expect(short.total).toEqual(whole.total);
    expect((short.others?.figures.calls ?? 0) + short.series.reduce((sum, { figures }) => sum + figures.calls, 0)).toBe(whole.total.calls);
  });

  it('keep what records no longer tell', async () => {
    const [organisation] = await bench.someCalls();
    await bench.round();
    const before = await bench.series(organisation);
    await bench.owner.query('TRUNCATE call_record');
    const { total } = await bench.series(organisation);
    expect(total.calls).toBeGreaterThan(before.total.calls * 0.9);
  });

  it('say so where hours are gone', async () => {
    const request = { granularity: 'hour', fromMs: START_MS - 100 * DAY_MS, toMs: START_MS - 99 * DAY_MS } as const;
    await expect(bench.series(newId<OrganisationId>(), request)).rejects.toMatchObject({ code: 'usage/hours_not_kept' });
  });
});

describe('durations as the database counts them', () => {
  it('fall into the same buckets as ours, and merge to the same bytes', async () => {
    const values = [
      ...Array.from({ length: 300 }, (_, ms) => ms),
      ...Array.from({ length: 31 }, (_, octave) => [2 ** octave - 1, 2 ** octave, 2 ** octave + 1]).flat(),
      2 ** 31 - 1,
    ];
    const { rows } = await bench.owner.query<{ ms: number; bucket: number }>(
      'SELECT ms, duration_bucket(ms) AS bucket FROM unnest($1::integer[]) AS ms',
      [[-1, ...values]],
    );
    for (const { ms, bucket } of rows) expect([ms, bucket]).toEqual([ms, bucketOf(ms)]);
    const sketch = new DurationSketch();
    for (const ms of values) sketch.add(ms);
    const twice = Buffer.concat([sketch.encode().subarray(1), sketch.encode().subarray(1)]);
    const merged = await bench.owner.query<{ bytes: Buffer }>('SELECT merge_durations($1) AS bytes', [twice]);
    const doubled = new DurationSketch();
    doubled.addEntries(twice);
    expect(merged.rows[0]?.bytes).toEqual(doubled.encode());
    const whole = new DurationSketch();
    whole.addEncoded(merged.rows[0]?.bytes ?? Buffer.alloc(0));
    expect(whole.count).toBe(2 * values.length);
  });
});
