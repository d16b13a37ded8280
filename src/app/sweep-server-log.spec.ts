import { appendFileSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { sweepStore } from '../../test/harness/sweeps.js';
import { DAY_MS } from '../kernel/clock.js';
import { ServerLog } from '../platform/database/server-log.js';
import { SweepServerLog } from './sweep-server-log.js';

const FIRST = '2026-03-14 12:00:00.125 UTC [7] LOG:  database system is ready to accept connections\n';
const SINCE = Date.parse('2026-03-14T12:00:00.125Z');

let folder: string;
let path: string;
let sweep: SweepServerLog;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'lethe-server-log-'));
  path = join(folder, 'postgres.log');
  sweep = new SweepServerLog(new ServerLog(path));
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

it('D2: the log of the built-in server is emptied when its oldest line is a week old, and the server goes on writing to it', async () => {
  writeFileSync(path, `postgres: a line without a time\n${FIRST}`);
  writeFileSync(`${path}.1`, FIRST.replace('03-14', '03-20'));
  expect(await sweep.oldestSurvivor()).toEqual({ writtenAt: new Date(SINCE), dueAt: new Date(SINCE + 7 * DAY_MS) });
  expect(await sweep.entries()).toBe(2);
  expect(await sweepStore(sweep, SINCE + 7 * DAY_MS - 1)).toEqual({ rows: 0, bytes: 0 });
  expect(await sweepStore(sweep, SINCE + 7 * DAY_MS)).toEqual({ rows: 1, bytes: 32 + FIRST.length });
  expect(readFileSync(path, 'utf8')).toBe('');
  appendFileSync(path, FIRST.replace('03-14', '03-21'));
  expect(await sweepStore(sweep, SINCE + 13 * DAY_MS)).toEqual({ rows: 1, bytes: FIRST.length });
  expect(existsSync(`${path}.1`)).toBe(false);
  expect(readFileSync(path, 'utf8')).toContain('2026-03-21');
});

it('has nothing to sweep where the operator moved it away', async () => {
  expect(await sweep.oldestSurvivor()).toBeNull();
  expect(await sweepStore(sweep, SINCE)).toEqual({ rows: 0, bytes: 0 });
});
