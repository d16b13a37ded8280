import 'reflect-metadata';
import type { BackupId } from '../../src/modules/backups/core/archive/backup-header.js';
import { backupParts } from './backup-parts.js';

// Takes a backup, or restores one, in a process of its own, to be killed: stops before the object it is told to, says so, and waits for its end.
const { url, directory, stopsAt, restores, into } = JSON.parse(process.argv[2] ?? '{}') as {
  readonly url: string;
  readonly directory: string;
  readonly stopsAt: number;
  readonly restores?: BackupId;
  readonly into?: string;
};
let step = 0;
const parts = await backupParts(url, directory, async () => {
  step += 1;
  if (step < stopsAt) return;
  process.stdout.write('stopped\n');
  setInterval(() => undefined, 1_000);
  await new Promise(() => undefined);
});
if (restores !== undefined && into !== undefined) await parts.restore.run(restores, { ownerUrl: into, replace: true });
else await parts.take.run('data', { kind: 'system', id: 'test' });
process.stdout.write('done\n');
process.exit(0);
