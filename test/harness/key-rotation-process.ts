// Everything that follows a rotation of the root key, and the rotation of content keys that are old, in a process of its own, to be killed: stops
// before, or within, the statement it is told to, says so, and waits for its end. Runs the built program.
import pg from 'pg';
import { DiscoveryService } from '@nestjs/core';
import { environmentOf, type RotationSite, type RotationStop } from './key-rotation.ts';

const BUILT = new URL('../../dist/', import.meta.url);
const { loadSettings } = (await import(
  new URL('platform/config/load-settings.js', BUILT).href
)) as typeof import('../../src/platform/config/load-settings.ts');
const { openApplication } = (await import(new URL('cli/installation.js', BUILT).href)) as typeof import('../../src/cli/installation.ts');
const { RecurringJob } = (await import(
  new URL('contracts/recurring-job.js', BUILT).href
)) as typeof import('../../src/contracts/recurring-job.ts');

/** By their names, so that a new one is among them. */
const FOLLOWS = /rewrap|keep-keys/;

const { stopsAt, moment, ...site } = JSON.parse(process.argv[2] ?? '{}') as RotationStop & RotationSite;
const settings = loadSettings(environmentOf(site));
const application = await openApplication(settings, { url: site.url, ownerUrl: site.url, embedded: false, close: () => Promise.resolve() });
const providers = application.get(DiscoveryService, { strict: false }).getProviders();
const jobs = new Set(providers.map((wrapper) => wrapper.instance as unknown).filter((each) => each instanceof RecurringJob));

const driver = pg.Client.prototype as unknown as { query: (this: pg.Client, ...parameters: unknown[]) => unknown };
const { query } = driver;
let step = 0;
driver.query = function (...parameters): unknown {
  step += 1;
  if (stopsAt === 0 || step < stopsAt) return query.apply(this, parameters);
  // Sent, and nobody waits for the answer any more.
  if (step === stopsAt && moment === 'within')
    void query.apply(
      this,
      parameters.filter((each) => typeof each !== 'function'),
    );
  setImmediate(() => process.stdout.write('stopped\n'));
  setInterval(() => undefined, 1_000);
  return new Promise(() => undefined);
};

for (const job of jobs) if (FOLLOWS.test(job.name)) await job.run(new AbortController().signal);
process.stdout.write('done\n');
process.exit(0);
