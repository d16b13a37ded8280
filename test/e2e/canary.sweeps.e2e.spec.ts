import { DiscoveryService } from '@nestjs/core';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { RecurringJob } from '../../src/contracts/recurring-job.js';
import { SweptTables } from '../../src/contracts/swept-store.js';
import { DAY_MS, ManualClock } from '../../src/kernel/clock.js';
import { Survivors } from '../../src/modules/retention/core/survey/survivors.js';
import { TestLethe } from '../harness/app.js';
import { leaveOverdue, type SweptTable, sweptTables } from '../harness/canary/overdue-rows.js';

/** Long past any window of what is swept, of the profile there is. */
const OVERDUE_DAYS = 400;
const JOB_MS = 30_000;

/** Jobs that empty a table of their own, beside the sweeps: which, and so who would leave what. */
const EMPTIED_BY_JOBS: Readonly<Record<string, string>> = {
  call_intent: 'usage.reap-intents',
  usage_late_hour: 'usage.roll-up',
};
/** What the inventory says goes with its owner, and goes before it: the survey does not look at it, and this test does. */
const BEFORE_THEIR_OWNER: readonly SweptTable[] = [{ table: 'password_recovery_code', from: 'ends_at' }];
/** Emptied as the queue's worker goes along, by no round of its own (outbox.db.spec.ts), and as receipts are closed (sweep-killed.db.spec.ts). */
const EMPTIED_OTHERWISE = ['outbox_event', 'retention_progress', 'retention_removal'];

let app: TestLethe;
let owner: pg.Pool;
const clock = new ManualClock(Date.now());
let tables: readonly SweptTable[];

beforeAll(async () => {
  app = await TestLethe.start({ clock });
  owner = new pg.Pool({ connectionString: app.databaseUrl, max: 2 });
  owner.on('error', () => undefined);
  tables = sweptTables().filter(({ table }) => !EMPTIED_OTHERWISE.includes(table));
});
afterAll(async () => {
  await owner.end();
  await app.stop();
});

function found<T>(kind: abstract new (...given: never[]) => T): T[] {
  const instances = app.lethe.get(DiscoveryService).getProviders();
  return [...new Set(instances.map(({ instance }) => instance as unknown))].filter((each): each is T & object => each instanceof kind);
}

/** Leaves overdue rows everywhere, has every job but `without` run once, and answers the tables in which something is past its time. */
async function overdueAfter(without?: RecurringJob): Promise<string[]> {
  const at = new Date(clock.nowMs() - OVERDUE_DAYS * DAY_MS);
  await leaveOverdue(owner, [...tables, ...BEFORE_THEIR_OWNER], at);
  for (const job of found(RecurringJob).filter((each) => each !== without)) await job.run(AbortSignal.timeout(JOB_MS));
  const ages = await app.lethe.get(Survivors).all();
  const late = ages.filter(({ oldest }) => oldest !== null && oldest.dueAt.getTime() < clock.nowMs() - DAY_MS);
  const unsurveyed: string[] = [];
  for (const { table, from } of BEFORE_THEIR_OWNER) {
    if ((await app.rows(`SELECT FROM ${table} WHERE ${from} <= $1`, [at])).length > 0) unsurveyed.push(table);
  }
  return [...late.map(({ store }) => store).filter((store) => tables.some(({ table }) => table === store)), ...unsurveyed];
}

describe('D2: what is deleted row by row', () => {
  it('is gone from every table after a round', async () => {
    expect(await overdueAfter()).toEqual([]);
  });

  it('is missed by the survey wherever a sweep is switched off, and no sweep can be switched off unseen', async () => {
    const seen = new Set<string>();
    for (const sweep of found(SweptTables)) {
      sweep.sweep = () => Promise.resolve({}) as never;
      const overdue = await overdueAfter();
      // The class's own again.
      Reflect.deleteProperty(sweep, 'sweep');
      expect([sweep.constructor.name, overdue.length]).not.toEqual([sweep.constructor.name, 0]);
      for (const table of overdue) seen.add(table);
      expect(await overdueAfter()).toEqual([]);
    }
    for (const [table, name] of Object.entries(EMPTIED_BY_JOBS)) {
      const job = found(RecurringJob).find((each) => each.name === name);
      expect([name, await overdueAfter(job)]).toEqual([name, [table]]);
      seen.add(table);
    }
    expect([...seen].sort()).toEqual([...tables, ...BEFORE_THEIR_OWNER].map(({ table }) => table).sort());
  });
});
