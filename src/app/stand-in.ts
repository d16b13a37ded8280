import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { present } from '../kernel/assert.js';
import { errorCatalogue } from '../kernel/errors.js';
import type { Settings } from '../platform/config/settings.js';

/** The program, in a checkout of the source. Packages and images do not carry it. */
const PROGRAM = fileURLToPath(new URL('../../test/harness/upstream/main.ts', import.meta.url));
/** A pause between the events of a stream, so that a person sees it stream. */
const ARGUMENTS = ['--port', '0', '--tokens', '32', '--delay-ms', '20', '--exit-with-parent'];
const START_MS = 20_000;
const STOP_MS = 5_000;

const standInErrors = errorCatalogue('stand_in', {
  absent: {
    status: 500,
    message: 'The upstream stand-in comes with the source only. Set LETHE_STAND_IN_URL, or use a credential of a real provider.',
  },
  not_started: { status: 500, message: 'The upstream stand-in did not start. Set LETHE_STAND_IN_URL to one that runs.' },
});

/**
 * Starts the stand-in where it may be: in development, when the operator has not named one with LETHE_STAND_IN_URL. From then on
 * `settings.standInUrl` says where it listens. Null elsewhere.
 */
export async function openStandIn(settings: Settings): Promise<StandIn | null> {
  if (settings.environment !== 'development' || settings.standInUrl !== undefined || !settings.roles.includes('gateway')) return null;
  const standIn = await StandIn.start();
  settings.standInUrl = standIn.url;
  return standIn;
}

/**
 * The upstream stand-in as a child process, for a first look without a provider's key. It lives in a session of its own, so Ctrl-C in the
 * terminal leaves it to answer the calls in flight; it ends with {@link close}, or by itself when this process dies.
 */
export class StandIn {
  private constructor(
    private readonly child: ChildProcess,
    /** Base URL up to and including `/v1`. */
    readonly url: string,
  ) {}

  /** Raises `stand_in/absent` where only the package is installed, and `stand_in/not_started`. */
  static async start(): Promise<StandIn> {
    if (!existsSync(PROGRAM)) throw standInErrors.absent();
    // Nothing of our environment: it holds secrets, and the stand-in needs none of it.
    const child = spawn(process.execPath, [PROGRAM, ...ARGUMENTS], {
      cwd: '/',
      env: {},
      detached: true,
      stdio: ['pipe', 'pipe', 'ignore'],
    });
    const leave = (): void => void child.kill('SIGTERM');
    process.once('exit', leave);
    child.once('exit', () => process.off('exit', leave));
    try {
      return new StandIn(child, await announcedUrl(child));
    } catch (cause) {
      child.kill('SIGKILL');
      throw standInErrors.not_started({ cause });
    }
  }

  /** Ends it and waits until it is gone. Safe to call twice. */
  async close(): Promise<void> {
    if (hasEnded(this.child)) return;
    const gone = new Promise<void>((resolve) => this.child.once('exit', () => resolve()));
    const lastResort = setTimeout(() => this.child.kill('SIGKILL'), STOP_MS);
    this.child.kill('SIGTERM');
    await gone;
    clearTimeout(lastResort);
  }
}

function hasEnded(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null;
}

/** Its first line says where it listens; the rest of its output is read and dropped, so that it never waits for a full pipe. */
async function announcedUrl(child: ChildProcess): Promise<string> {
  const signal = AbortSignal.timeout(START_MS);
  const ended = once(child, 'exit', { signal }).then(() => Promise.reject(new Error('it ended at once')));
  const announced = once(createInterface({ input: present(child.stdout, 'its output') }), 'line', { signal });
  const [line] = (await Promise.race([announced, ended])) as [string];
  return (JSON.parse(line) as { url: string }).url;
}
