import 'reflect-metadata';
import { AppError } from '../kernel/errors.js';
import { loadSettings } from '../platform/config/load-settings.js';
import { IdleCollector } from '../platform/process/idle-collector.js';
import { CredentialDirectory } from '../modules/credentials/credentials.contract.js';
import { type FirstRun, makeFirstRun } from './bootstrap/first-run.js';
import { Lethe } from './lethe.js';
import { openStandIn } from './stand-in.js';

const STOP_SIGNALS = ['SIGTERM', 'SIGINT'] as const;

/**
 * Runs Lethe in this process until it is told to stop, and ends the process: 0 after a clean stop, 1 with one sentence on standard error
 * when it cannot start. A second signal does not wait for calls in flight.
 */
export async function runLethe(environment: NodeJS.ProcessEnv): Promise<void> {
  try {
    const settings = loadSettings(environment);
    let firstRun: FirstRun | null = null;
    const starting = Lethe.start(settings, {
      beforeServing: async (providers) => {
        firstRun = await makeFirstRun(settings, providers);
        return providers.get(CredentialDirectory).hasProvider('stand_in') || firstRun?.usesStandIn ? openStandIn(settings) : null;
      },
    });
    stopOnSignal(starting);
    const lethe = await starting;
    IdleCollector.start();
    process.stdout.write(`Lethe listens on ${lethe.url} (${settings.roles.join(', ')})\n`);
    (firstRun as FirstRun | null)?.announce(lethe.url);
  } catch (error) {
    process.stderr.write(`lethe: ${sentence(error)}\n`);
    process.exit(1);
  }
}

/** From the first moment on: a stop that comes during the start waits for it, so that no database is left behind. */
function stopOnSignal(starting: Promise<Lethe>): void {
  let asked = false;
  for (const signal of STOP_SIGNALS) {
    process.on(signal, () => {
      if (asked) process.exit(1);
      asked = true;
      starting
        .then((lethe) => lethe.stop())
        .then(
          () => process.exit(0),
          (error: unknown) => {
            process.stderr.write(`lethe: the stop was not clean: ${sentence(error)}\n`);
            process.exit(1);
          },
        );
    });
  }
}

/** One sentence for the operator. Anything that is not an error of ours is a bug: its stack helps more than a guess. */
function sentence(error: unknown): string {
  if (error instanceof AppError) return error.publicMessage;
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
