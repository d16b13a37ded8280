import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { dropTemplate, startThrowAwayServer, sweepDeadRuns } from './postgres.js';

declare module 'vitest' {
  interface ProvidedContext {
    /** The server of this test run: a superuser's connection string to its maintenance database. */
    readonly databaseServerUrl: string;
    /** Names what this run makes on a server that others may use too. */
    readonly databaseRunId: string;
  }
}

/** One throw-away server for the whole run, or the one that `LETHE_TEST_DATABASE_URL` names (as a superuser). */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const compiled = keepCompiledCode();
  const runId = randomBytes(4).toString('hex');
  project.provide('databaseRunId', runId);
  const given = process.env['LETHE_TEST_DATABASE_URL'];
  if (given) {
    project.provide('databaseServerUrl', given);
    return async () => {
      compiled.discard();
      await dropTemplate(given, runId);
    };
  }
  sweepDeadRuns();
  const server = await startThrowAwayServer();
  project.provide('databaseServerUrl', server.url('postgres'));
  return async () => {
    compiled.discard();
    await server.destroy();
  };
}

/** The programs that tests start, a hundred of them, compile what they are made of once: a fifth of what it takes to start one. */
function keepCompiledCode(): { discard(): void } {
  const folder = mkdtempSync(join(tmpdir(), 'lethe-compiled-'));
  process.env['NODE_COMPILE_CACHE'] = folder;
  return { discard: () => rmSync(folder, { recursive: true, force: true }) };
}
