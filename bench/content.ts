/**
 * What keeping payloads costs: one Lethe under the profile `enterprise`, 2 kB in and 2 kB out, the organisation's setting switched on and off between
 * rounds. `npm run build && node bench/content.ts [rounds] [seconds]`. Exits 1 when what should have been kept was not.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'pg';
import { median, summarise } from './figures.ts';
import { type Options, readOptions } from './options.ts';
import { chooseCores, pin } from './processes.ts';
import { Bench, type Cell, type RoundFigures, type Talk } from './round.ts';
import { LetheInstallation, type RunningLethe } from './targets/lethe.ts';
import { startUpstream } from './upstream.ts';

const connectionCounts = [32, 256];
/** A change of the setting is heard of well within this, and what was taken before it is written. */
const settleMs = 1_500;
const writeWaitMs = 10_000;
const warmUpSeconds = 4;

/** Words that hardly repeat, so that compressing is as much work as it is with people's own. */
function prompt(bytes: number): string {
  let text = '';
  for (let number = 1; text.length < bytes; number += 1) text += `${(number * 2_654_435_761).toString(36)} of the `;
  return text.slice(0, bytes);
}

const talk: Talk = { prompt: prompt(1_850), answerTokens: 200 };

async function keptRows(lethe: RunningLethe): Promise<number> {
  const client = new Client({ connectionString: lethe.database });
  await client.connect();
  try {
    const { rows } = await client.query<{ count: string }>('SELECT count(*) AS count FROM call_payload');
    return Number(rows[0]?.count);
  } finally {
    await client.end();
  }
}

/** Content is written a moment after its call: on a busy machine a longer one. */
async function keptSince(lethe: RunningLethe, before: number, expected: number): Promise<number> {
  const until = performance.now() + writeWaitMs;
  let kept = (await keptRows(lethe)) - before;
  while (kept < expected && performance.now() < until) {
    await sleep(200);
    kept = (await keptRows(lethe)) - before;
  }
  return kept;
}

interface Pair {
  readonly off: RoundFigures[];
  readonly on: RoundFigures[];
}

/** Both ways are compiled before either is measured, and what a first start does beside is done. */
async function warmUp(bench: Bench, lethe: RunningLethe): Promise<void> {
  for (const keeps of [true, false]) {
    await lethe.keepPayloads(keeps);
    await sleep(settleMs);
    await bench.run(lethe, { mode: 'nonStreaming', connections: 32 }, warmUpSeconds, talk);
  }
  await sleep(settleMs);
}

async function measureCell(bench: Bench, lethe: RunningLethe, cell: Cell, rounds: number): Promise<Pair> {
  const pair: Pair = { off: [], on: [] };
  for (let round = 0; round < rounds; round += 1) {
    // In turns, and each first as often as the other, so that a slow minute of the machine hits both.
    for (const keeps of round % 2 === 0 ? [false, true] : [true, false]) {
      await lethe.keepPayloads(keeps);
      await sleep(settleMs);
      (keeps ? pair.on : pair.off).push(await bench.run(lethe, cell, undefined, talk));
    }
  }
  return pair;
}

const lost = (ratio: number): string => (100 * (1 - ratio)).toFixed(1);

function lineOf(cell: Cell, { off, on }: Pair): string {
  const [without, kept] = [summarise('lethe', cell, off, undefined), summarise('lethe', cell, on, undefined)];
  const ratios = on.map((figures, round) => figures.load.requests / (off[round]?.load.requests ?? Number.NaN));
  const micros = (value: number | undefined): string => (value === undefined ? '-' : value.toFixed(0));
  return [
    `${cell.connections} connections:`,
    `${without.requestsPerSecond.toFixed(0)} req/s without, ${kept.requestsPerSecond.toFixed(0)} req/s with payloads kept;`,
    `throughput lost ${lost(median(ratios))} % (median of ${ratios.map(lost).join(', ')});`,
    `gateway ${micros(without.cpuMicrosPerRequest)} → ${micros(kept.cpuMicrosPerRequest)} CPU µs/req,`,
    `database ${micros(without.databaseCpuMicrosPerRequest)} → ${micros(kept.databaseCpuMicrosPerRequest)};`,
    `p50 ${without.totalMs.p50?.toFixed(2)} → ${kept.totalMs.p50?.toFixed(2)} ms, p99 ${without.totalMs.p99?.toFixed(1)} → ${kept.totalMs.p99?.toFixed(1)} ms`,
  ].join(' ');
}

async function main(): Promise<number> {
  const [rounds = '5', seconds = '3'] = process.argv.slice(2);
  const options = readOptions(['--seconds', seconds, '--stream-tokens', String(talk.answerTokens)]) as Options;
  const chosen = chooseCores();
  const cores = typeof chosen === 'string' ? undefined : chosen;
  pin(process.pid, cores?.load);
  const upstream = await startUpstream(options, cores?.load);
  const bench = await Bench.start(options, cores, upstream.program.pid);
  const installation = new LetheInstallation({ upstreamUrl: upstream.url, cores, verbose: false }, 'enterprise');
  const lethe = await installation.start();
  try {
    let answered = 0;
    await warmUp(bench, lethe);
    const before = await keptRows(lethe);
    for (const connections of connectionCounts) {
      const cell: Cell = { mode: 'nonStreaming', connections };
      const pair = await measureCell(bench, lethe, cell, Number(rounds));
      answered += pair.on.reduce((sum, { load }) => sum + load.completed, 0);
      process.stdout.write(`${lineOf(cell, pair)}\n`);
    }
    const kept = await keptSince(lethe, before, answered);
    process.stdout.write(`${kept} payloads kept of ${answered} calls answered meanwhile\n`);
    return kept >= answered ? 0 : 1;
  } finally {
    await lethe.stop();
    await installation.remove();
    await Promise.all([bench.stop(), upstream.program.stop()]);
  }
}

process.exitCode = await main();
