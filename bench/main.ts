/**
 * `npm run bench`: what a request costs through Lethe, beside no gateway, a bare proxy and another gateway. See README.md.
 *
 * Exits 0 whatever the figures are; 1 when something that was asked for could not be measured.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { goals, headlines, type Result, summarise } from './figures.ts';
import { type Mode, type Options, readOptions, type TargetName, usage } from './options.ts';
import { chooseCores, type Cores, pin } from './processes.ts';
import { asText, type LedgerCheck, machine, type Report, versions } from './report.ts';
import { Bench, type Cell, type RoundFigures } from './round.ts';
import { askForStatementCounter, countStatements, type StatementCount } from './statements.ts';
import { startBare } from './targets/bare.ts';
import { startDirect } from './targets/direct.ts';
import { LetheInstallation, type RunningLethe } from './targets/lethe.ts';
import { startPortkey } from './targets/portkey.ts';
import type { RunningTarget, TargetContext } from './targets/target.ts';
import { startUpstream } from './upstream.ts';

/** A gateway kept from its core for more of the time than this makes a line worth doubting. */
const disturbed = 0.05;
/** The same for the cores as a whole, where others may only have used what was left. */
const busyMachine = 0.2;
const warmUpSeconds = 3;
/** Settling is asynchronous; the ledger has this long to show the last call. */
const ledgerWaitMs = 10_000;

interface Outcome {
  readonly results: readonly Result[];
  readonly postgres: readonly StatementCount[];
  readonly ledger: LedgerCheck | null;
}

class Run {
  readonly notes: string[] = [];
  complete = true;
  readonly #options: Options;
  readonly #cores: Cores | undefined;
  readonly #running = new Map<TargetName, RunningTarget>();
  #installation: LetheInstallation | undefined;
  #lethe: RunningLethe | undefined;
  /** Calls Lethe answered 2xx, and calls that ended otherwise, since its first start. */
  #letheCompleted = 0;
  #letheFailed = 0;

  constructor(options: Options, cores: Cores | undefined) {
    this.#options = options;
    this.#cores = cores;
  }

  async measure(): Promise<Outcome> {
    const upstream = await startUpstream(this.#options, this.#cores?.load);
    const bench = await Bench.start(this.#options, this.#cores, upstream.program.pid);
    try {
      await this.#startTargets({ upstreamUrl: upstream.url, cores: this.#cores, verbose: this.#options.verbose });
      const results = await this.#allRounds(bench);
      const postgres = await this.#statements(bench).catch((error: unknown) => this.#failed('counting statements', error, []));
      const ledger = await this.#ledger().catch((error: unknown) => this.#failed('reading the ledger', error, null));
      return { results, postgres, ledger };
    } finally {
      await Promise.all([...this.#running.values()].map((target) => target.stop()));
      await this.#installation?.remove();
      await Promise.all([bench.stop(), upstream.program.stop()]);
    }
  }

  async #startTargets(context: TargetContext): Promise<void> {
    const starters: Record<TargetName, () => Promise<RunningTarget>> = {
      direct: () => startDirect(context),
      bare: () => startBare(context),
      portkey: () => startPortkey(context),
      lethe: async () => {
        this.#installation = new LetheInstallation(context);
        this.#lethe = await this.#installation.start();
        return this.#lethe;
      },
    };
    for (const name of this.#options.targets) {
      try {
        this.#running.set(name, await starters[name]());
      } catch (error) {
        this.#failed(name, error, undefined);
      }
    }
  }

  /** Before the first cell of a mode, and no sooner: what another mode leaves in a heap is not this one's memory. */
  async #warmUp(bench: Bench, mode: Mode): Promise<void> {
    for (const name of this.#running.keys()) {
      progress(`warming up ${name}, ${mode}`);
      const { load } = await this.#round(bench, name, { mode, connections: 32 }, Math.min(warmUpSeconds, this.#options.seconds * 2));
      if (load.requests > 0) continue;
      this.#failed(name, new Error(`no request succeeded: ${JSON.stringify(load.failures)}`), undefined);
      await this.#running.get(name)?.stop();
      this.#running.delete(name);
    }
  }

  /** All targets take their turn in a cell before any has its next, so that a slow minute of the machine hits them alike. */
  async #allRounds(bench: Bench): Promise<readonly Result[]> {
    const results: Result[] = [];
    let warm: Mode | undefined;
    for (const cell of cells(this.#options)) {
      if (cell.mode !== warm) await this.#warmUp(bench, cell.mode);
      warm = cell.mode;
      const rounds = new Map<TargetName, RoundFigures[]>();
      for (let round = 1; round <= this.#options.rounds; round += 1) {
        progress(`${cell.mode}, ${cell.connections} connections, round ${round} of ${this.#options.rounds}`);
        for (const name of this.#running.keys()) {
          const figures = await this.#round(bench, name, cell);
          rounds.set(name, [...(rounds.get(name) ?? []), figures]);
        }
      }
      let direct: Result | undefined;
      for (const [name, figures] of rounds) {
        const result = summarise(name, cell, figures, direct);
        if (name === 'direct') direct = result;
        results.push(result);
        this.#remark(result);
      }
    }
    return results;
  }

  async #round(bench: Bench, name: TargetName, cell: Cell, seconds?: number): Promise<RoundFigures> {
    const target = this.#running.get(name);
    if (target === undefined) throw new Error(`${name} is not running`);
    const figures = await bench.run(target, cell, seconds);
    if (name === 'lethe') this.#count(figures.load);
    return figures;
  }

  #count(load: { readonly completed: number; readonly failures: Readonly<Record<string, number>> }): void {
    this.#letheCompleted += load.completed;
    this.#letheFailed += Object.values(load.failures).reduce((total, count) => total + count, 0);
  }

  #remark(result: Result): void {
    const line = `${result.target}, ${result.mode}, ${result.connections}`;
    if (result.waitedShare > disturbed) {
      this.notes.push(`${line}: other processes kept the gateway waiting ${Math.round(result.waitedShare * 100)} % of the time`);
    }
    if (Object.keys(result.failures).length > 0) this.notes.push(`${line}: failures ${JSON.stringify(result.failures)}`);
    if (result.requests === 0) this.#failed(line, new Error('no request succeeded'), undefined);
  }

  /** Lethe is started again for this: its database loads the counter only when it starts. */
  async #statements(bench: Bench): Promise<readonly StatementCount[]> {
    if (this.#lethe?.database === undefined || this.#installation === undefined || !this.#running.has('lethe')) return [];
    progress('counting PostgreSQL statements');
    if (!(await askForStatementCounter(this.#lethe.database))) this.notes.push('pg_stat_statements is not to be had; transactions only');
    await this.#lethe.stop();
    this.#running.delete('lethe');
    this.#lethe = await this.#installation.start();
    this.#running.set('lethe', this.#lethe);
    const counted = cells(this.#options).filter((cell) => cell.mode === 'nonStreaming' || cell.connections === 256);
    const seconds = Math.min(this.#options.seconds, 3);
    await this.#round(bench, 'lethe', { mode: 'nonStreaming', connections: 32 }, 1);
    const counts = await countStatements(bench, this.#lethe, counted, seconds);
    for (const count of counts) this.#count({ completed: count.requests, failures: {} });
    return counts;
  }

  /** A call that failed may or may not have been worth a record; one that was answered must have exactly one. */
  async #ledger(): Promise<LedgerCheck | null> {
    if (this.#lethe === undefined || !this.#running.has('lethe')) return null;
    const until = performance.now() + ledgerWaitMs;
    const most = this.#letheCompleted + this.#letheFailed;
    let recorded = await this.#lethe.recordedRequests();
    while (recorded < this.#letheCompleted && performance.now() < until) recorded = await this.#lethe.recordedRequests();
    const agrees = recorded >= this.#letheCompleted && recorded <= most;
    if (!agrees)
      this.#failed('ledger', new Error(`${recorded} calls recorded, ${this.#letheCompleted} answered: not everything was on`), undefined);
    return { completed: this.#letheCompleted, recorded, agrees };
  }

  #failed<T>(what: string, error: unknown, instead: T): T {
    this.complete = false;
    this.notes.push(`not measured: ${what}: ${error instanceof Error ? error.message : String(error)}`);
    return instead;
  }
}

function cells(options: Options): readonly Cell[] {
  return options.modes.flatMap((mode) => options.connections.map((connections) => ({ mode, connections })));
}

function progress(text: string): void {
  process.stderr.write(`${text}\n`);
}

async function main(): Promise<number> {
  const options = readOptions(process.argv.slice(2));
  if (options === 'help') {
    process.stdout.write(`${usage}\n`);
    return 0;
  }
  const chosen = chooseCores();
  const cores = typeof chosen === 'string' ? undefined : chosen;
  const run = new Run(options, cores);
  if (typeof chosen === 'string')
    run.notes.push(`not pinned: ${chosen}; gateway, load and upstream compete, compare nothing with other runs`);
  pin(process.pid, cores?.load);
  const { results, postgres, ledger } = await run.measure();
  if (results.some((result) => result.foreignShare > busyMachine)) {
    run.notes.push('other work ran on these cores: high percentiles are partly its doing, and req/s may be; CPU per request holds');
  }
  const lines = headlines(results);
  const { jsonFile, verbose: _verbose, ...asked } = options;
  const report: Report = {
    measuredAt: new Date().toISOString(),
    machine: machine(cores),
    versions: versions(),
    options: asked,
    ...lines,
    results,
    postgres,
    ledger,
    goals: goals(lines),
    notes: run.notes,
  };
  process.stdout.write(asText(report));
  if (jsonFile !== undefined) {
    mkdirSync(dirname(jsonFile), { recursive: true });
    writeFileSync(jsonFile, `${JSON.stringify(report, undefined, 2)}\n`);
  }
  return run.complete ? 0 : 1;
}

try {
  process.exitCode = await main();
} catch (error) {
  process.stderr.write(`bench: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
