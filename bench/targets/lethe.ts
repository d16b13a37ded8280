/**
 * Lethe as `node dist/main.js` starts it in development, all roles in one process, with its own PostgreSQL moved to the load core.
 *
 * Everything a paying installation would have is switched on: the key is checked, a hard budget stands on the organisation, limits of
 * requests and of tokens stand on the key, so that every call is authorised, limited, held, recorded before it leaves and settled after.
 * They are too large to refuse anything. `recordedRequests` is how the bench proves that the ledger was really on.
 */
import { existsSync, readFileSync, readlinkSync } from 'node:fs';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { freePort, listens } from '../ports.ts';
import { pin, processTree, type RunningProgram, startNode } from '../processes.ts';
import type { RunningTarget, TargetContext } from './target.ts';

const script = fileURLToPath(new URL('../../dist/main.js', import.meta.url));
const manifest = new URL('../../package.json', import.meta.url);
const startMs = 90_000;
/** The model of the demo organisation's route to the stand-in. */
const model = 'gpt-4o-mini';

/** `bootstrap.json`, which the first start in development leaves in its data folder. */
interface Bootstrap {
  readonly operatorToken: string;
  readonly apiKey: string;
  readonly organisationId: string;
}

export interface RunningLethe extends RunningTarget {
  /** How to reach its database; undefined when there is no telling. */
  readonly database: string | undefined;
  /** Requests in the ledger so far, of the measured model. */
  recordedRequests(): Promise<number>;
  /** Switches keeping of payloads on or off, where the profile has a window for them. */
  keepPayloads(wanted: boolean): Promise<void>;
}

/** An installation that can be started again on the same data. */
export class LetheInstallation {
  readonly #context: TargetContext;
  readonly #profile: string;
  #dataDirectory: string | undefined;

  constructor(context: TargetContext, profile = 'zero-retention') {
    this.#context = context;
    this.#profile = profile;
  }

  async start(): Promise<RunningLethe> {
    if (!existsSync(script)) throw new Error('dist/main.js is missing: run `npm run build` first');
    const first = this.#dataDirectory === undefined;
    this.#dataDirectory ??= await newDataDirectory();
    const port = await freePort();
    const program = startNode({
      args: [...collectorFlags(), script],
      core: this.#context.cores?.gateway,
      env: { ...environment(port, this.#dataDirectory, this.#context.upstreamUrl), LETHE_PROFILE: this.#profile },
      loud: this.#context.verbose,
    });
    try {
      if (!(await listens(port, startMs))) throw new Error('it does not listen');
      const bootstrap = JSON.parse(readFileSync(join(this.#dataDirectory, 'bootstrap.json'), 'utf8')) as Bootstrap;
      const api = new OperatorApi(`http://127.0.0.1:${port}/api/v1`, bootstrap);
      if (first) await api.setLimits();
      return running(program, { port, bootstrap, api, core: this.#context.cores?.load });
    } catch (error) {
      await program.stop();
      throw new Error(`Lethe did not start: ${(error as Error).message}\n${program.lastWords()}`);
    }
  }

  async remove(): Promise<void> {
    if (this.#dataDirectory !== undefined) await rm(this.#dataDirectory, { recursive: true, force: true });
  }
}

/** How `npm start` tells Node to collect garbage. It looks for source maps as well, for an error's stack. */
function collectorFlags(): string[] {
  const { scripts } = JSON.parse(readFileSync(manifest, 'utf8')) as { readonly scripts: { readonly start: string } };
  return scripts.start.split(' ').filter((word) => word.startsWith('--') && word !== '--enable-source-maps');
}

/** Run as root the database becomes another user, who must be able to pass through. */
async function newDataDirectory(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'lethe-bench-'));
  await chmod(directory, 0o711);
  return directory;
}

function environment(port: number, dataDirectory: string, upstreamUrl: string): Record<string, string> {
  return {
    LETHE_ENV: 'development',
    LETHE_HOST: '127.0.0.1',
    LETHE_PORT: String(port),
    LETHE_ROLES: 'api,gateway,worker',
    LETHE_DATA_DIR: dataDirectory,
    LETHE_BOOTSTRAP: 'auto',
    LETHE_STAND_IN_URL: upstreamUrl,
  };
}

interface Started {
  readonly port: number;
  readonly bootstrap: Bootstrap;
  readonly api: OperatorApi;
  readonly core: number | undefined;
}

function running(program: RunningProgram, { port, bootstrap, api, core }: Started): RunningLethe {
  const postmaster = processTree(program.pid).find(isPostmaster);
  const postgresPids = (): readonly number[] => (postmaster === undefined ? [] : processTree(postmaster));
  for (const pid of postgresPids()) pin(pid, core);
  return {
    url: `http://127.0.0.1:${port}/v1`,
    headers: { authorization: `Bearer ${bootstrap.apiKey}` },
    model,
    database: process.env['DATABASE_URL'] ?? (postmaster === undefined ? undefined : socketUrl(postmaster)),
    gatewayPids: () => {
      const others = new Set(postgresPids());
      return processTree(program.pid).filter((pid) => !others.has(pid));
    },
    sidePids: postgresPids,
    recordedRequests: () => api.recordedRequests(),
    keepPayloads: (wanted) => api.keepPayloads(wanted),
    stop: () => program.stop(),
  };
}

/** The server process of PostgreSQL, not one of the backends it starts. */
function isPostmaster(pid: number): boolean {
  try {
    const [first] = readFileSync(`/proc/${pid}/cmdline`, 'latin1').split('\0');
    const pidFile = join(readlinkSync(`/proc/${pid}/cwd`), 'postmaster.pid');
    return (first ?? '').endsWith('postgres') && Number.parseInt(readFileSync(pidFile, 'utf8'), 10) === pid;
  } catch {
    return false;
  }
}

/** The built-in server listens on a socket only, and trusts whoever reaches it; its pid file says where (line 5). */
function socketUrl(postmaster: number): string {
  const lines = readFileSync(`/proc/${postmaster}/cwd/postmaster.pid`, 'utf8').split('\n');
  return `postgresql://lethe@/lethe?host=${encodeURIComponent(lines[4] ?? '')}&port=${lines[3] ?? '5432'}`;
}

/** The few operator calls the bench needs. */
class OperatorApi {
  readonly #base: string;
  readonly #bootstrap: Bootstrap;

  constructor(base: string, bootstrap: Bootstrap) {
    this.#base = base;
    this.#bootstrap = bootstrap;
  }

  async setLimits(): Promise<void> {
    const { organisationId } = this.#bootstrap;
    const budget = { scope: 'organisation', scopeId: organisationId, limit: '1000000', period: 'monthly', kind: 'hard' };
    await this.#call('POST', `/organisations/${organisationId}/budgets`, budget);
    const rates = { requestsPerMinute: 100_000_000, tokensPerMinute: 2_000_000_000 };
    await this.#call('PUT', `/organisations/${organisationId}/rate-limits/key/${await this.#keyId()}`, rates);
  }

  async recordedRequests(): Promise<number> {
    const answer = await this.#call('GET', '/usage/summary?groupBy=model');
    const { total } = answer as { total?: { calls?: number } };
    if (total?.calls === undefined) throw new Error(`the usage summary has no total: ${JSON.stringify(answer)}`);
    return total.calls;
  }

  async keepPayloads(payloads: boolean): Promise<void> {
    await this.#call('PATCH', `/organisations/${this.#bootstrap.organisationId}/content-setting`, { payloads });
  }

  async #keyId(): Promise<string> {
    const { organisationId } = this.#bootstrap;
    const answer = await this.#call('GET', `/organisations/${organisationId}/keys`);
    const [key] = (answer as { data: { id: string }[] }).data;
    if (key === undefined) throw new Error('the demo project has no key');
    return key.id;
  }

  async #call(method: string, path: string, body?: unknown): Promise<unknown> {
    const answer = await fetch(`${this.#base}${path}`, {
      method,
      headers: {
        authorization: `Bearer ${this.#bootstrap.operatorToken}`,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${method} ${path} answered ${answer.status}: ${text}`);
    return text === '' ? undefined : JSON.parse(text);
  }
}
