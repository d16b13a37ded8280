import { setTimeout as sleep } from 'node:timers/promises';

/** Longer than what is done for an address that has an account, so that the answer comes after the same time for one that has none. */
const STEP_MS = 250;

/** Does the work and answers when a multiple of a quarter second has passed: how long it took tells nobody what it found. */
export async function inEvenTime<T>(work: () => Promise<T>): Promise<T> {
  const startedMs = performance.now();
  try {
    return await work();
  } finally {
    const elapsedMs = performance.now() - startedMs;
    await sleep(Math.ceil(elapsedMs / STEP_MS) * STEP_MS - elapsedMs);
  }
}
