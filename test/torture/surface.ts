// The suite's walk over all operations (test/e2e/surface.fuzz.e2e.spec.ts) with many more requests, and others each time.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { randomInt } from 'node:crypto';

export async function fuzzTheSurface(cases: number): Promise<{ readonly seed: number }> {
  const seed = randomInt(2 ** 31);
  const run = spawn('npx', ['vitest', 'run', 'test/e2e/surface.fuzz.e2e.spec.ts'], {
    stdio: 'inherit',
    env: { ...process.env, LETHE_FUZZ_CASES: String(cases), LETHE_FUZZ_SEED: String(seed) },
  });
  const [code] = (await once(run, 'exit')) as [number | null];
  assert.equal(code, 0, `LETHE_FUZZ_SEED=${seed} shows it again`);
  return { seed };
}
