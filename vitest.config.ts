import swc from 'unplugin-swc';
import { defineConfig } from 'vitest/config';

// Where `.ci/run` wants the figures of the run, beside what a person reads.
const report = process.env['LETHE_TEST_REPORT'];

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
    include: ['src/**/*.spec.ts', 'test/**/*.spec.ts'],
    globalSetup: ['test/harness/global-setup.ts'],
    reporters: report ? ['default', ['json', { outputFile: report }]] : ['default'],
    testTimeout: 30_000,
    hookTimeout: 60_000,
    pool: 'forks',
    maxWorkers: 2,
  },
});
