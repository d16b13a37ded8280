import pg from 'pg';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../../../../test/harness/postgres.js';
import { sessionAs } from '../../../platform/database/roles.js';
import { CommitSessions } from './commit-sessions.js';

const statement =
  (name: string, text: string, ...values: string[]) =>
  () => ({ name, text, values });
const ECHO = (value: string) => statement('echo', 'SELECT $1::text', value);
const REFUSE = statement('refuse', "SELECT CASE WHEN $1::text = 'no' THEN refuse_plain_commit() ELSE $1 END", 'no');

describe('the sessions of the plain commit', () => {
  let database: TestDatabase;
  let owner: pg.Client;
  let sessions: CommitSessions;

  beforeAll(async () => {
    database = await createTestDatabase();
    owner = new pg.Client({ connectionString: database.url });
    await owner.connect();
  });

  afterAll(async () => {
    await owner.end();
    await database.drop();
  });

  beforeEach(() => {
    const session = sessionAs('lethe_system', { statementMs: 400, connectMs: 1_000 });
    sessions = new CommitSessions({ connectionString: database.url, ...session, application_name: 'commits' });
  });

  afterEach(() => sessions.close());

  const backends = async () =>
    (await owner.query<{ pid: number }>("SELECT pid FROM pg_stat_activity WHERE application_name = 'commits' ORDER BY pid")).rows.map(
      (row) => row.pid,
    );

  it('answer the value, null included, and keep one session for commits that follow each other', async () => {
    expect(await sessions.run(ECHO('a'))).toBe('a');
    const first = await backends();
    expect(await sessions.run(statement('nothing', 'SELECT NULL::text WHERE $1::text IS NOT NULL', 'x'))).toBeNull();
    expect(await sessions.run(ECHO('b'))).toBe('b');
    expect(first).toHaveLength(1);
    expect(await backends()).toEqual(first);
  });

  it('open a second session only for a commit beside another', async () => {
    expect(await Promise.all([sessions.run(ECHO('a')), sessions.run(ECHO('b'))])).toEqual(['a', 'b']);
    expect(await backends()).toHaveLength(2);
  });

  it('go on with the same session after a refused statement, prepared or not', async () => {
    for (let times = 0; times < 2; times += 1) {
      await expect(sessions.run(REFUSE)).rejects.toMatchObject({ code: 'LT001' });
      await expect(sessions.run(statement('wrong', 'SELECT no_such_function($1::text)', 'x'))).rejects.toMatchObject({ code: '42883' });
      expect(await sessions.run(ECHO('still'))).toBe('still');
    }
    expect(await backends()).toHaveLength(1);
  });

  it('replace a session the server ended, idle or at work', async () => {
    await sessions.keepReady();
    const [idle] = await backends();
    await owner.query('SELECT pg_terminate_backend($1)', [idle]);
    // Whoever commits before the farewell is read may still meet the dead session.
    await vi.waitFor(async () => expect(await sessions.run(ECHO('a'))).toBe('a'));
    expect(await backends()).not.toContain(idle);
    const suicide = statement('suicide', 'SELECT pg_terminate_backend(pg_backend_pid())::text WHERE $1::text IS NOT NULL', 'x');
    await expect(sessions.run(suicide)).rejects.toThrow();
    expect(await sessions.run(ECHO('b'))).toBe('b');
    await vi.waitFor(async () => expect(await backends()).toHaveLength(1));
  });

  it('keep one session ready, and no more', async () => {
    await sessions.keepReady();
    await sessions.keepReady();
    expect(await backends()).toHaveLength(1);
  });

  it('give up a statement past the bound, by the server and by their own clock', async () => {
    const sleep = statement('sleep', 'SELECT pg_sleep($1::float8)::text', '5');
    await expect(sessions.run(sleep)).rejects.toMatchObject({ code: '57014' });
    const deaf = statement('deaf', "SELECT set_config('statement_timeout', $1, false)", '0');
    await sessions.run(deaf);
    await expect(sessions.run(sleep)).rejects.toThrow('did not answer in time');
    expect(await sessions.run(ECHO('a'))).toBe('a');
  });

  it('reject when there is no server, and say why', async () => {
    const nowhere = new CommitSessions({ host: '127.0.0.1', port: 1, statement_timeout: 100 });
    await expect(nowhere.run(ECHO('a'))).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    await nowhere.close();
  });
});
