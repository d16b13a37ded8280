import swc from 'unplugin-swc';
import { defineConfig } from 'vitest/config';
import { LongestFirst } from './test/harness/spec-order.js';

// Where `.ci/run` wants the figures of the run, beside what a person reads.
const report = process.env['LETHE_TEST_REPORT'];

/** Specs for which it matters what the code loaded so far has declared: each has a process of its own. */
const ALONE = [
  'src/modules/retention/**/*.spec.ts',
  'src/modules/backups/**/*.spec.ts',
  'src/modules/accounts/core/second-factor/second-factors.db.spec.ts',
  'src/modules/usage/core/sweep-journal.db.spec.ts',
  'src/platform/telemetry/metrics.spec.ts',
  'test/architecture/*inventory*.spec.ts',
  'test/architecture/canary-*.spec.ts',
  'test/e2e/isolation.tables.e2e.spec.ts',
  'test/e2e/inventory.key-space.e2e.spec.ts',
  'test/e2e/backups.*.spec.ts',
  'test/e2e/canary.*.spec.ts',
];

// Decorator metadata is what Nest injects by, so the specs are compiled by SWC with it switched on.
export default defineConfig({
  plugins: [
    swc.vite({
      module: { type: 'es6' },
      jsc: {
        target: 'es2024',
        parser: { syntax: 'typescript', decorators: true },
        transform: { legacyDecorator: true, decoratorMetadata: true, useDefineForClassFields: false },
      },
    }),
  ],
  test: {
    globalSetup: ['test/harness/global-setup.ts'],
    reporters: report ? ['default', ['json', { outputFile: report }]] : ['default'],
    testTimeout: 30_000,
    hookTimeout: 60_000,
    // The machine may be busy; what comes true at once is not waited for.
    expect: { poll: { timeout: 10_000 } },
    pool: 'forks',
    // On two cores: a third of the time specs wait, for a process that starts or a moment that comes.
    maxWorkers: 3,
    sequence: { sequencer: LongestFirst },
    // Most specs share a process with those before them: loading the application once per spec took a tenth of the whole run.
    projects: [
      { extends: true, test: { name: 'shared', include: ['src/**/*.spec.ts', 'test/**/*.spec.ts'], exclude: ALONE, isolate: false } },
      { extends: true, test: { name: 'alone', include: ALONE } },
    ],
  },
});
