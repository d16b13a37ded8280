import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { rowsOf, restoring, schemaOf, takeBackup, withDatabase } from '../harness/backups.js';
import { IsolationWalk } from '../harness/isolation.js';
import { createTestDatabase, type TestDatabase } from '../harness/postgres.js';
import type { TakenBackup } from '../../src/modules/backups/core/take-backup.js';

let walk: IsolationWalk;
let target: TestDatabase;
let backup: TakenBackup;
let before: Record<string, string>;
let after: Record<string, string>;

beforeAll(async () => {
  walk = await IsolationWalk.start();
  target = await createTestDatabase();
  before = await rowsOf(walk.app.databaseUrl);
  backup = await takeBackup(walk.app.lethe);
  after = await rowsOf(walk.app.databaseUrl);
});

afterAll(async () => {
  await walk?.stop();
  await target?.drop();
});

describe('D4: a backup of a database with one of everything', () => {
  it('brings every row of every table back, and all that stands around them', async () => {
    const restored = await restoring(walk.app.lethe).run(backup.id, { ownerUrl: target.url, replace: false });
    const rows = await rowsOf(target.url);
    const still = Object.keys(before).filter((table) => before[table] === after[table]);
    for (const table of still.filter((name) => name !== 'installation')) expect([table, rows[table]]).toEqual([table, before[table]]);
    expect(
      Object.keys(before)
        .filter((table) => !still.includes(table))
        .sort(),
    ).toEqual(['audit_event', 'backup']);
    expect(restored).toMatchObject({ expired: 0, tables: backup.tables, rows: backup.rows });
    expect(await schemaOf(target.url)).toEqual(await schemaOf(walk.app.databaseUrl));
    const [row] = await withDatabase(target.url, async (client) => (await client.query('SELECT * FROM installation')).rows as object[]);
    expect(row).toMatchObject({ installation_id: backup.installation, restored_backup: backup.id, replay_due: true });
  });
});
