// A throw-away installation of Lethe in a temporary folder: `dist/main.js` as `npm start` runs it, on a free port.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { BootstrapRecord } from '../../src/app/bootstrap/bootstrap-file.ts';

const PROGRAM = fileURLToPath(new URL('../../dist/main.js', import.meta.url));
const START_MS = 120_000;
const STOP_MS = 60_000;

export class Installation {
  readonly bootstrap: BootstrapRecord;
  readonly #child: ChildProcess;
  readonly #folder: string;

  private constructor(child: ChildProcess, folder: string, bootstrap: BootstrapRecord) {
    this.#child = child;
    this.#folder = folder;
    this.bootstrap = bootstrap;
  }

  /** What the installation keeps on disk. */
  get dataDirectory(): string {
    return join(this.#folder, 'data');
  }

  /** Starts Lethe in an empty folder and waits until it takes calls. */
  static async start(): Promise<Installation> {
    const folder = temporaryFolder();
    const { PATH, HOME } = process.env;
    // Nothing else of this shell: its DATABASE_URL, its provider keys and its LETHE_ settings are not the demo's business.
    const env = {
      PATH,
      HOME,
      LETHE_PORT: '0',
      LETHE_DATA_DIR: join(folder, 'data'),
      LETHE_LOG_LEVEL: 'warn',
      // The tour shows the audit log with what it has just done in it; usually a checkpoint is signed once a minute.
      LETHE_AUDIT_CHECKPOINT_SECONDS: '1',
    };
    const child = spawn(process.execPath, ['--enable-source-maps', PROGRAM], { env, stdio: ['ignore', 'pipe', 'pipe'] });
    process.once('exit', () => child.kill('SIGTERM'));
    let said = '';
    child.stdout.on('data', (piece: Buffer) => void (said += piece.toString()));
    child.stderr.on('data', (piece: Buffer) => void (said += piece.toString()));
    try {
      return new Installation(child, folder, await firstRun(child, join(folder, 'data', 'bootstrap.json'), () => said));
    } catch (error) {
      child.kill('SIGTERM');
      throw new Error(`${(error as Error).message}\n${said}`);
    }
  }

  /** Asks the operator's API. Throws when the answer is no success. */
  async ask<T>(method: 'GET' | 'POST' | 'DELETE', path: string, body?: unknown): Promise<T> {
    const text = await this.#send(method, path, body);
    return (text === '' ? undefined : JSON.parse(text)) as T;
  }

  /** What the operator's API answers, to the byte. */
  read(path: string): Promise<string> {
    return this.#send('GET', path);
  }

  async #send(method: 'GET' | 'POST' | 'DELETE', path: string, body?: unknown): Promise<string> {
    const answer = await fetch(`${this.bootstrap.url}/api/v1${path}`, {
      method,
      headers: {
        authorization: `Bearer ${this.bootstrap.operatorToken}`,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${method} ${path} answered ${answer.status}: ${text}`);
    return text;
  }

  /** Tells Lethe to stop, as a process manager would, and answers its exit code. Removes the folder. */
  async stop(): Promise<number | null> {
    const { exitCode } = this.#child;
    if (exitCode === null) {
      const ended = once(this.#child, 'exit', { signal: AbortSignal.timeout(STOP_MS) });
      this.#child.kill('SIGTERM');
      await ended;
    }
    rmSync(this.#folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 50 });
    return this.#child.exitCode;
  }
}

/** `/tmp` before `TMPDIR`: run by root, the database becomes another user who has to be able to reach its folder. */
function temporaryFolder(): string {
  const folder = mkdtempSync(join(existsSync('/tmp') ? '/tmp' : tmpdir(), 'lethe-demo-'));
  chmodSync(folder, 0o711);
  return folder;
}

/** The file is complete, with the port in it, once Lethe has said what it set up. */
async function firstRun(child: ChildProcess, path: string, said: () => string): Promise<BootstrapRecord> {
  const deadline = performance.now() + START_MS;
  while (performance.now() < deadline) {
    if (child.exitCode !== null) throw new Error(`Lethe ended with ${child.exitCode} while it started`);
    if (said().includes('A first call:')) return JSON.parse(readFileSync(path, 'utf8')) as BootstrapRecord;
    await sleep(50);
  }
  throw new Error('Lethe did not start in time');
}
