import pg from 'pg';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { TestAuditLog } from '../../../../../test/harness/audit-log.js';
import { createTestDatabase, type TestDatabase } from '../../../../../test/harness/postgres.js';
import { newId, type OrganisationId } from '../../../../kernel/ids.js';

const mine = newId<OrganisationId>();
const other = newId<OrganisationId>();

let database: TestDatabase;
let log: TestAuditLog;

beforeAll(async () => {
  database = await createTestDatabase();
  log = await TestAuditLog.open(database.url);
});

afterAll(async () => {
  await log.close();
  await database.drop();
});

/** A transaction of its own that records events and stays open. */
async function openTransaction(): Promise<{ commit(): Promise<void>; rollback(): Promise<void> }> {
  const client = new pg.Client({ connectionString: database.url });
  await client.connect();
  await client.query('BEGIN');
  await client.query(
    `INSERT INTO audit_event (id, expires_on, occurred_at, organisation_id, actor_kind, actor_id, action, target_type, target_id, detail)
     SELECT $1, expires_on, now(), $2, 'system', 'test', 'thing.changed', 'thing', 'late', '{}' FROM audit_event LIMIT 1`,
    [newId(), mine],
  );
  const end = (how: string) => async () => {
    await client.query(how);
    await client.end();
  };
  return { commit: end('COMMIT'), rollback: end('ROLLBACK') };
}

describe('the sequencer', () => {
  beforeEach(async () => {
    await log.sequence.run();
  });

  it('O6: gives each committed event one place, dense, and its number in its organisation', async () => {
    await log.record(mine, 3);
    await log.record(other, 2);
    await log.record(null, 1);
    await log.record(mine, 2);
    expect(await log.sequence.run()).toMatchObject({ added: 8 });
    expect(await log.sequence.run()).toMatchObject({ added: 0 });
    await log.audit();
    const numbers = await log.rows<{ number: string }>('SELECT number FROM audit_position WHERE organisation_id = $1 ORDER BY leaf_index', [
      mine,
    ]);
    expect(numbers.map(({ number }) => Number(number))).toEqual([1, 2, 3, 4, 5]);
  });

  it('O6: an event that commits late is not skipped, however many with larger numbers came before it', async () => {
    const [late, never, later] = [await openTransaction(), await openTransaction(), await openTransaction()];
    await log.record(mine, 5);
    expect(await log.sequence.run()).toMatchObject({ added: 5 });
    await late.commit();
    await log.record(other, 1);
    expect(await log.sequence.run()).toMatchObject({ added: 2 });
    await never.rollback();
    expect(await log.sequence.run()).toMatchObject({ added: 0 });
    await later.commit();
    expect(await log.sequence.run()).toMatchObject({ added: 1 });
    await log.audit();
  });

  it('O6: while transactions end in any order, every event gets a place and none gets two, with two sequencers at once', async () => {
    const second = await TestAuditLog.open(database.url, { directory: log.directory });
    let done = false;
    const sequencer = async (of: TestAuditLog) => {
      while (!done) await of.sequence.run();
    };
    const writer = async () => {
      for (let round = 0; round < 15; round += 1) {
        const open = await openTransaction();
        await log.record(Math.random() < 0.5 ? mine : other, 1 + Math.floor(Math.random() * 4));
        await (Math.random() < 0.7 ? open.commit() : open.rollback());
      }
    };
    const sequencers = [sequencer(log), sequencer(second)];
    await Promise.all(Array.from({ length: 6 }, writer));
    done = true;
    await Promise.all(sequencers);
    await log.sequence.run();
    await log.audit();
    await second.close();
  });

  it('catches up in batches with more than fits into one, and goes on where it was stopped', async () => {
    await log.owner.query(
      `INSERT INTO audit_event (id, expires_on, occurred_at, organisation_id, actor_kind, actor_id, action, target_type, target_id, detail)
       SELECT gen_random_uuid(), expires_on, now(), $1, 'system', 'test', 'thing.changed', 'thing', n::text, '{}'
       FROM (SELECT expires_on FROM audit_event LIMIT 1) day, generate_series(1, 2500) n`,
      [mine],
    );
    const stop = new AbortController();
    stop.abort();
    expect(await log.sequence.run(stop.signal)).toMatchObject({ added: 1_000 });
    expect(await log.sequence.run()).toMatchObject({ added: 1_500 });
    await log.audit();
  });

  it('D4: looks at everything again after a restore on a server whose transaction numbers mean something else', async () => {
    await log.record(mine, 2);
    await log.sequence.run();
    // What a dump brings: rows as they were, and a state that speaks of transactions far ahead of this server's.
    await log.owner.query(`UPDATE audit_tree SET seen = '900000000:900000000:', cluster = cluster - 1`);
    await log.record(mine, 3);
    expect(await log.sequence.run()).toMatchObject({ added: 3 });
    await log.owner.query(`UPDATE audit_tree SET seen = '900000000:900000000:'`);
    await log.record(mine, 1);
    expect(await log.sequence.run()).toMatchObject({ added: 1 });
    expect(await log.sequence.run()).toMatchObject({ added: 0 });
    await log.audit();
  });

  it('O6: the database refuses to lose or change a hash, a place, a checkpoint or the size, and to be read by a tenant', async () => {
    await log.seal();
    const asSystem = (sql: string) => log.unitOfWork.asSystem((tx) => tx.query(sql));
    for (const sql of [
      `UPDATE audit_tile SET hashes = substr(hashes, 33)`,
      `UPDATE audit_tile SET hashes = overlay(hashes PLACING '\\x00' FROM 5)`,
      `UPDATE audit_tree SET size = size - 1`,
    ])
      await expect(asSystem(sql)).rejects.toThrow('the audit log only grows');
    for (const sql of [
      'DELETE FROM audit_tile',
      'DELETE FROM audit_position',
      'UPDATE audit_position SET number = number + 1',
      'DELETE FROM audit_checkpoint',
      `UPDATE audit_checkpoint SET note = ''`,
      'DELETE FROM audit_tree',
    ])
      await expect(asSystem(sql)).rejects.toThrow('permission denied');
    const asTenant = (sql: string) => log.unitOfWork.forOrganisation(mine, (tx) => tx.query<unknown[]>(sql));
    await expect(asTenant('SELECT FROM audit_tile')).rejects.toThrow('permission denied');
    expect(await asTenant(`SELECT FROM audit_position WHERE organisation_id IS DISTINCT FROM '${mine}'`)).toEqual([]);
    expect((await asTenant('SELECT FROM audit_position')).length).toBeGreaterThan(0);
  });

  it('1,000 events a second: measures how fast committed events become leaves', { retry: 2 }, async () => {
    await log.owner.query(
      `INSERT INTO audit_event (id, expires_on, occurred_at, organisation_id, actor_kind, actor_id, action, target_type, target_id, detail)
       SELECT gen_random_uuid(), expires_on, now(), $1, 'system', 'test', 'thing.changed', 'thing', n::text, '{"fields":["name"]}'
       FROM (SELECT expires_on FROM audit_event LIMIT 1) day, generate_series(1, 5000) n`,
      [mine],
    );
    const began = performance.now();
    const { added } = await log.sequence.run();
    await log.sign.run(0);
    const perSecond = added / ((performance.now() - began) / 1_000);
    console.log(`sequenced ${Math.round(perSecond)} events/s`);
    expect(perSecond).toBeGreaterThan(1_000);
  });
});
