import 'reflect-metadata';
import { TestAuditLog } from './audit-log.js';

// A sequencer in a process of its own, to be killed: goes on for ever, and says when it has begun.
const { url = '', directory = '' } = JSON.parse(process.argv[2] ?? '{}') as Record<string, string>;
const log = await TestAuditLog.open(url, { directory });
process.stdout.write('running\n');
for (;;) {
  await log.sequence.run();
  await log.sign.run(0);
}
