import { spawnSync } from 'node:child_process';
import { chmodSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { PlantedProject } from './planted-project.js';

interface Run {
  readonly exitCode: number | null;
  readonly lastLine: string | undefined;
  readonly commands: readonly string[];
}

const passing = { numPassedTests: 3, numFailedTests: 0, testResults: [{ status: 'passed', assertionResults: [{}] }] };
const failing = { ...passing, numFailedTests: 2 };
const unloaded = { ...passing, testResults: [{ status: 'failed', assertionResults: [] }] };
const empty = { numPassedTests: 0, numFailedTests: 0, testResults: [] };

/** What it would install where it is missing: a test changes nothing about the machine. */
const installed = ['softhsm2-util', 'chromium'];

/** Runs `.ci/run` with an `npm` that notes what it is asked, fails at the command named, and writes the given test report. */
function run(report: object, failAt?: string): Run {
  const npm = [
    '#!/bin/sh',
    'echo "asked: npm $*"',
    `case "$*" in test) printf '%s' '${JSON.stringify(report)}' > "$LETHE_TEST_REPORT";; esac`,
    `[ "$*" != '${failAt ?? ''}' ]`,
  ];
  const programs = { 'bin/npm': `${npm.join('\n')}\n`, ...Object.fromEntries(installed.map((name) => [`bin/${name}`, '#!/bin/sh\n'])) };
  using project = new PlantedProject(programs, ['.ci/run', 'scripts/test-summary.mjs']);
  for (const path of [...Object.keys(programs), '.ci/run']) chmodSync(join(project.root, path), 0o755);
  const env = { ...process.env, PATH: `${join(project.root, 'bin')}${delimiter}${process.env['PATH'] ?? ''}` };
  // From another folder: where it is started must not matter.
  const { status, stdout } = spawnSync(join(project.root, '.ci/run'), {
    cwd: '/',
    encoding: 'utf8',
    env,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const lines = stdout.trimEnd().split('\n');
  const commands = lines.filter((line) => line.startsWith('asked: ')).map((line) => line.slice('asked: '.length));
  return { exitCode: status, lastLine: lines.at(-1), commands };
}

describe('.ci/run', () => {
  it('installs, checks, takes stock of what ships, runs the command of the README, and ends with the count', () => {
    expect(run(passing)).toEqual({
      exitCode: 0,
      lastLine: '3 passed, 0 failed',
      commands: ['npm ci', 'npm run check', 'npm run supply-chain', 'npm ci', 'npm test'],
    });
  });

  it('fails when a check fails, and runs the tests all the same', () => {
    expect(run(passing, 'run check')).toMatchObject({ exitCode: 1, lastLine: '3 passed, 0 failed' });
  });

  it.each([
    ['a test fails', failing, '3 passed, 2 failed'],
    ['a file of tests does not load', unloaded, '3 passed, 1 failed'],
    ['no test ran', empty, '0 passed, 0 failed'],
  ])('fails when %s', (_, report, lastLine) => {
    expect(run(report)).toMatchObject({ exitCode: 1, lastLine });
  });

  it('fails when vitest does although every test passed, as for an unhandled rejection', () => {
    expect(run(passing, 'test')).toMatchObject({ exitCode: 1, lastLine: '3 passed, 0 failed' });
  });

  it('fails when nothing could be installed, and still says so in its last line', () => {
    expect(run(passing, 'ci')).toEqual({ exitCode: 1, lastLine: '0 passed, 0 failed', commands: ['npm ci'] });
  });
});
