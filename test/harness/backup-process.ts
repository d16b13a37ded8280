import 'reflect-metadata';
import { ManualClock, SystemClock } from '../../src/kernel/clock.js';
import type { BackupId } from '../../src/modules/backups/core/archive/backup-header.js';
import { backupParts, type ObjectMoment, sweepAt } from './backup-parts.js';

// Takes a backup, restores one, or deletes those that are due at a moment, in a process of its own, to be killed: stops at the object and the moment it
// is told to, says so, and waits for its end.
const settings = JSON.parse(process.argv[2] ?? '{}') as {
  readonly url: string;
  readonly directory: string;
  readonly stopsAt: number;
  readonly moment?: ObjectMoment;
  readonly restores?: BackupId;
  readonly into?: string;
  readonly sweepsAtMs?: number;
};
const { url, directory, stopsAt, moment: wanted = 'before', restores, into, sweepsAtMs } = settings;
let step = 0;
const announce = async (moment: ObjectMoment): Promise<void> => {
  if (moment === 'before') step += 1;
  if (step !== stopsAt || moment !== wanted) return;
  process.stdout.write('stopped\n');
  setInterval(() => undefined, 1_000);
  await new Promise(() => undefined);
};
const clock = sweepsAtMs === undefined ? new SystemClock() : new ManualClock(sweepsAtMs);
const parts = await backupParts(url, directory, announce, clock);
if (restores !== undefined && into !== undefined) await parts.restore.run(restores, { ownerUrl: into, replace: true });
else if (sweepsAtMs !== undefined) await sweepAt(parts, sweepsAtMs);
else await parts.take.run('data', { kind: 'system', id: 'test' });
process.stdout.write('done\n');
process.exit(0);
