import { randomBytes } from 'node:crypto';
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
  const runId = randomBytes(4).toString('hex');
  project.provide('databaseRunId', runId);
  const given = process.env['LETHE_TEST_DATABASE_URL'];
  if (given) {
    project.provide('databaseServerUrl', given);
    return () => dropTemplate(given, runId);
  }
  sweepDeadRuns();
  const server = await startThrowAwayServer();
  project.provide('databaseServerUrl', server.url('postgres'));
  return () => server.destroy();
}
