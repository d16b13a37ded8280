// The canaries in full: every profile through every window up to seven years, and everything that keeps a promise switched off in turn.
import assert from 'node:assert/strict';
import { builtIn } from './canary-program.ts';
import { LEAKED, LEAKY_REDIS, LEAKY_STORES } from '../harness/canary/leaks.ts';
import type { CanaryReport } from '../../src/cli/canary/report.ts';
import { noticed, runLeaking, runMutated, runSound } from '../harness/canary/mutation.ts';
import { MUTATIONS } from '../harness/canary/mutations.ts';

const PROFILES = ['zero-retention', 'federated-credits', 'relay', 'metadata-only', 'enterprise'];

/** Nothing survives and nothing is missing, under any profile. */
export async function liveThroughEveryWindow(say: (line: string) => void): Promise<Record<string, string>> {
  const { holds, reportText, runCanary } = await builtIn();
  const figures: Record<string, string> = {};
  for (const profile of PROFILES) {
    const report = await runCanary({ profile, redis: true, say: (line) => say(`${profile}, ${line}`) });
    assert.ok(holds(report), reportText(report));
    const megabytes = Math.round(report.bytesScanned / 1_000_000);
    figures[profile] = `${report.words} words, ${report.days.length} days up to ${report.days.at(-1)}, ${megabytes} MB`;
  }
  return figures;
}

/** Each thing that is switched off is noticed. */
export async function noticeWhatIsSwitchedOff(say: (line: string) => void): Promise<Record<string, string>> {
  const { survivors, stores: looked } = await runLeaking(true);
  const stores = survivors.filter(({ place }) => place === LEAKED).map(({ store }) => store);
  // A machine without the program has no Redis to leak into.
  const leaky = [...LEAKY_STORES, ...LEAKY_REDIS.filter((store) => looked.includes(store))];
  for (const store of leaky) assert.ok(stores.includes(store), `a word put into ${store} was not found`);
  const unnoticed: string[] = [];
  const sound = new Map<string, CanaryReport>();
  for (const mutation of MUTATIONS) {
    const days = mutation.days.join();
    const control = sound.get(days) ?? (await runSound(mutation));
    sound.set(days, control);
    const isNoticed = !noticed(mutation, control) && noticed(mutation, await runMutated(mutation));
    say(`${isNoticed ? 'noticed' : 'NOT NOTICED'}: ${mutation.name}`);
    if (!isNoticed) unnoticed.push(mutation.name);
  }
  assert.deepEqual(unnoticed, []);
  return {
    leaks: `${leaky.length} stores, all seen`,
    mutations: `${MUTATIONS.length} of ${MUTATIONS.length} noticed`,
  };
}
