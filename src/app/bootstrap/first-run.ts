import type { AuditActor } from '../../modules/audit/audit.contract.js';
import { OperatorAdministration } from '../../modules/auth/auth.contract.js';
import type { Settings } from '../../platform/config/settings.js';
import { SystemPool } from '../../platform/database/system-pool.js';
import { BootstrapMark, type BootstrapRecord, writeBootstrapRecord } from './bootstrap-file.js';
import type { Providers } from '../lethe.js';
import { type DemoOrganisation, setUpDemoOrganisation } from './demo-organisation.js';
import { setUpFirstOperator } from './first-operator.js';
import { welcome } from './welcome.js';

const ACTOR: AuditActor = { kind: 'system', id: 'bootstrap' };

/** Any number that nobody else locks on: of two replicas that find an empty installation, one sets it up. */
const BOOTSTRAP_LOCK = 7_215_883_002;

/** A first run that has been made and is yet to be shown. */
export interface FirstRun {
  /** Whether the demo organisation's upstream is the stand-in, which then has to run. */
  readonly usesStandIn: boolean;
  /** Prints what was set up, now that it is known where Lethe listens, and writes it to `bootstrap.json` with that address. */
  announce(url: string): void;
}

/**
 * Sets up an empty development installation: an operator, a demo organisation with an upstream, a route and an API key. Null when there
 * is nothing to do. A run that was cut short is completed by the next, with fresh secrets in place of those nobody saw.
 */
export async function makeFirstRun(settings: Settings, providers: Providers): Promise<FirstRun | null> {
  if (settings.environment !== 'development' || settings.bootstrap !== 'auto' || !settings.roles.includes('api')) return null;
  return whileOnlyOne(providers.get(SystemPool), async () => {
    const mark = new BootstrapMark(settings);
    if (!mark.isSet && (await providers.get(OperatorAdministration).hasOperators())) return null;
    mark.set();
    const made = await setUpDevelopment(settings, providers, ACTOR);
    const shown = (url: string): BootstrapRecord => ({ ...made.record, url });
    // Written before anybody can connect, and again with the port when that was left to the system.
    writeBootstrapRecord(settings, shown(`http://${settings.host}:${settings.port}`));
    return {
      usesStandIn: made.demo.provider === 'stand_in',
      announce: (url) => {
        writeBootstrapRecord(settings, shown(url));
        process.stdout.write(welcome(settings, shown(url), made.demo.provider));
        // Only now has anybody seen the secrets: a start that ended before, on a port that was taken, leaves them to be made again.
        mark.remove();
      },
    };
  });
}

/** The operator and the demo organisation, with fresh secrets. */
export async function setUpDevelopment(
  settings: Settings,
  providers: Providers,
  actor: AuditActor,
): Promise<{ readonly demo: DemoOrganisation; readonly record: Omit<BootstrapRecord, 'url'> }> {
  const demo = await setUpDemoOrganisation(providers, settings, actor);
  const operatorToken = await setUpFirstOperator(providers, actor);
  const { apiKey, organisationId, projectId, model } = demo;
  return { demo, record: { operatorToken, apiKey, organisationId, projectId, model } };
}

/** Null when another process is at it. */
async function whileOnlyOne<T>(pool: SystemPool, work: () => Promise<T | null>): Promise<T | null> {
  const client = await pool.connect();
  try {
    const { rows } = await client.query<{ mine: boolean }>('SELECT pg_try_advisory_lock($1) AS mine', [BOOTSTRAP_LOCK]);
    if (rows[0]?.mine !== true) return null;
    try {
      return await work();
    } finally {
      await client.query('SELECT pg_advisory_unlock($1)', [BOOTSTRAP_LOCK]);
    }
  } finally {
    client.release();
  }
}
