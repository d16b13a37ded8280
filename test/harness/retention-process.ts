import 'reflect-metadata';
import { ManualClock } from '../../src/kernel/clock.js';
import { TestRetention } from './retention.js';
import { fixedWindows } from './windows.js';

// A worker in a process of its own, to be killed: one round with a window that has become shorter.
const { url = '', nowMs = 0, days = 0 } = JSON.parse(process.argv[2] ?? '{}') as { url?: string; nowMs?: number; days?: number };
const diary = {
  table: 'diary',
  window: { dataClass: 'request_metadata' },
  writtenAt: 'written_at',
  organisation: 'organisation_id',
} as const;
const windows = fixedWindows({ request_metadata: days, audit_log: 30 });
const retention = await TestRetention.open(url, { clock: new ManualClock(nowMs), tables: [diary], windows });
await retention.all.run();
await retention.close();
