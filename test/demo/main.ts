// `npm run demo`: a tour of Lethe in a throw-away installation, with the official openai SDK as the client. It needs no service and no
// key, asks nothing, and ends with 0 when everything was as promised. Steps are in steps.ts; later features add theirs.
import OpenAI from 'openai';
import { Installation } from './installation.ts';
import { STEPS } from './steps.ts';

const started = performance.now();

console.log('\n  Lethe starts, with a database of its own, in an empty folder');
const lethe = await Installation.start();
console.log(`    it listens on ${lethe.bootstrap.url} and has set itself up`);

for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void lethe.stop().finally(() => process.exit(130)));

let failed = false;
try {
  const client = new OpenAI({ baseURL: `${lethe.bootstrap.url}/v1`, apiKey: lethe.bootstrap.apiKey, maxRetries: 0 });
  const tour = { lethe, client, calls: [] };
  for (const step of STEPS) {
    console.log(`\n  ${step.title}`);
    await step.run(tour);
  }
} catch (error) {
  failed = true;
  console.error(`\n  This is not as it should be: ${error instanceof Error ? error.message : String(error)}`);
} finally {
  console.log('\n  Lethe stops: calls in flight end, everything is written out');
  const code = await lethe.stop();
  if (code !== 0) {
    failed = true;
    console.error(`    it ended with ${code}`);
  }
}

console.log(failed ? '\n  The demo failed.\n' : `\n  That was Lethe, in ${((performance.now() - started) / 1000).toFixed(1)} s.\n`);
process.exitCode = failed ? 1 : 0;
