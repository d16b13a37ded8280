// `npm run torture`: the proofs that take minutes, in full length, on a Postgres server of their own. `npm test` runs the same ones shortened
// (test/e2e/faults.*). Names after `--` choose: `npm run torture -- kills outage`.
import { spawnSync } from 'node:child_process';
import type { OwnPostgres } from '../harness/postgres.ts';
import { hasRedisServer, OwnRedis } from '../harness/redis-process.ts';
import { logUnderLoad } from './audit-log.ts';
import { raceForBudget } from './budget-race.ts';
import { liveThroughEveryWindow, noticeWhatIsSwitchedOff } from './canary.ts';
import { startTorturePostgres } from './database.ts';
import { killUnderLoad } from './kills.ts';
import { carryOnWithFrozenPostgres, carryOnWithoutPostgres, reachTheJournalsBound } from './outage.ts';
import { killWhileRotating } from './rotation.ts';
import { loseRedisUnderLoad, shareLimits } from './shared-limits.ts';
import { stopUnderLoad } from './shutdown.ts';
import { scan } from './scanners.ts';
import { fuzzTheSurface } from './surface.ts';
import { killDuringUploads } from './uploads.ts';

interface Trial {
  readonly title: string;
  readonly run: (postgres: OwnPostgres) => Promise<object>;
}

const say = (line: string): void => console.log(`    ${line}`);

const TRIALS: Readonly<Record<string, Trial>> = {
  kills: {
    title: 'kill -9 of a gateway, 50 times under load',
    run: (postgres) => killUnderLoad({ databaseUrl: postgres.url(), kills: 50, replicas: 2, clients: 32, everyMs: 1_500, say }),
  },
  shutdown: {
    title: 'SIGTERM of a gateway, 10 times under load',
    run: (postgres) => stopUnderLoad({ databaseUrl: postgres.url(), stops: 10, clients: 32, say }),
  },
  budget: {
    title: '500 calls at once against a hard budget for 100, on two replicas',
    run: (postgres) => raceForBudget(postgres.url(), 500, 100),
  },
  outage: {
    title: 'Postgres stopped for 30 s under load',
    run: (postgres) => carryOnWithoutPostgres({ postgres, databaseUrl: postgres.url(), awayMs: 30_000, clients: 16, say }),
  },
  frozen: {
    title: 'Postgres frozen for 15 s under load',
    run: (postgres) => carryOnWithFrozenPostgres({ postgres, databaseUrl: postgres.url(), awayMs: 15_000, clients: 16, say }),
  },
  bound: {
    title: 'Postgres stopped until the journal is full',
    run: (postgres) => reachTheJournalsBound({ postgres, databaseUrl: postgres.url(), awayMs: 0, clients: 16, say }),
  },
  audit: {
    title: 'over 1,000 audit events a second for 60 s, kill -9 of a worker every 4 s',
    run: (postgres) => logUnderLoad({ databaseUrl: postgres.url(), seconds: 60, eventsPerSecond: 1_050, everyMs: 4_000, say }),
  },
  limits: {
    title: 'one rate limit on two replicas over Redis',
    run: (postgres) => withRedis(async (redis) => ({ passed: await shareLimits(postgres.url(), redis) })),
  },
  backups: {
    title: 'kill -9 of a backup, a restore and a deletion, at every object and in the middle of it',
    // Loads the sources as they stand, which no other trial should have to wait for.
    run: async (postgres) => (await import('./backups.ts')).killAtEveryObject({ databaseUrl: postgres.url(), say }),
  },
  rotation: {
    title: 'kill -9 of whoever follows a rotation of the root key, 60 times',
    run: (postgres) => killWhileRotating({ databaseUrl: postgres.url(), kills: 60, households: 12, say }),
  },
  uploads: {
    title: 'kill -9 of a gateway while large content goes into a bucket, 12 times at every moment of it',
    run: (postgres) => killDuringUploads({ databaseUrl: postgres.url(), rounds: 12, say }),
  },
  canary: { title: 'canaries under every profile, through every window', run: () => liveThroughEveryWindow(say) },
  'canary-mutations': { title: 'what keeps a promise, switched off in turn', run: () => noticeWhatIsSwitchedOff(say) },
  surface: { title: '500 made-up requests to every operation of the admin API', run: () => fuzzTheSurface(500) },
  sqlmap: { title: 'sqlmap on what meets the database', run: (postgres) => scanned('sqlmap', postgres) },
  wapiti: { title: 'wapiti on every address', run: (postgres) => scanned('wapiti', postgres) },
  redis: { title: 'Redis killed under load', run: (postgres) => withRedis((redis) => loseRedisUnderLoad(postgres.url(), redis, say)) },
};

async function scanned(scanner: 'sqlmap' | 'wapiti', postgres: OwnPostgres): Promise<object> {
  const isThere = spawnSync(scanner, ['--version']).error === undefined;
  return isThere ? scan(scanner, postgres.url(), say) : { skipped: `there is no ${scanner} on this machine: apt-get install ${scanner}` };
}

async function withRedis(work: (redis: OwnRedis) => Promise<object>): Promise<object> {
  if (!hasRedisServer) return { skipped: 'there is no redis-server on this machine' };
  const redis = await OwnRedis.start();
  try {
    return await work(redis);
  } finally {
    await redis.kill();
  }
}

async function endure(name: string, { title, run }: Trial): Promise<boolean> {
  console.log(`\n  ${name}: ${title}`);
  const began = performance.now();
  const postgres = await startTorturePostgres();
  try {
    const figures = await run(postgres);
    for (const [figure, value] of Object.entries(figures)) console.log(`    ${figure.padEnd(16)} ${value}`);
    console.log(`    held, in ${((performance.now() - began) / 1000).toFixed(1)} s`);
    return true;
  } catch (error) {
    console.error('    DID NOT HOLD:', error);
    return false;
  } finally {
    await postgres.destroy();
  }
}

const chosen = process.argv.slice(2);
const unknown = chosen.filter((name) => !(name in TRIALS));
if (unknown.length > 0) {
  console.error(`There is no ${unknown.join(', ')}. There are ${Object.keys(TRIALS).join(', ')}.`);
  process.exit(1);
}
const began = performance.now();
let failures = 0;
for (const [name, trial] of Object.entries(TRIALS)) {
  if (chosen.length > 0 && !chosen.includes(name)) continue;
  if (!(await endure(name, trial))) failures += 1;
}
const seconds = ((performance.now() - began) / 1000).toFixed(0);
console.log(failures === 0 ? `\n  Everything held, in ${seconds} s.\n` : `\n  ${failures} of the trials did not hold.\n`);
process.exitCode = failures === 0 ? 0 : 1;
