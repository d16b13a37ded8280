import { Client } from 'pg';
import type { DataSource } from 'typeorm';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { openUnitOfWork, prepareQueueDatabase } from '../../../test/harness/queue.js';
import { createTestDatabase, type TestDatabase } from '../../../test/harness/postgres.js';
import { SystemClock } from '../../kernel/clock.js';
import type { OrganisationId } from '../../kernel/ids.js';
import { newId } from '../../kernel/ids.js';
import type { TypeOrmUnitOfWork } from '../database/typeorm-unit-of-work.js';
import { Log } from '../telemetry/logger.js';
import { OutboxRelay, type HandOver, type OutgoingEvent } from './outbox-relay.js';
import { PostgresOutbox } from './postgres-outbox.js';

const tuning = { pollMs: 60_000, leaseSeconds: 1, batchSize: 10, reconnectMs: 20 };
const organisation = newId<OrganisationId>();
const outbox = new PostgresOutbox(new SystemClock());
const log = Log.open({ level: 'silent' });

let database: TestDatabase;
let owner: Client;
let source: DataSource;
let unitOfWork: TypeOrmUnitOfWork;

beforeAll(async () => {
  database = await createTestDatabase();
  await prepareQueueDatabase(database.url);
  ({ unitOfWork, source } = await openUnitOfWork(database.url));
  owner = new Client({ connectionString: database.url });
  await owner.connect();
});

afterAll(async () => {
  await source.destroy();
  await owner.end();
  await database.drop();
});

beforeEach(() => owner.query('DELETE FROM outbox_event'));

const publish = (count: number) =>
  unitOfWork.forOrganisation(organisation, async (tx) => {
    for (let n = 0; n < count; n += 1) await outbox.publish(tx, { topic: 'thing.happened', payload: { n } });
  });
const relayTo = (handOver: HandOver) => new OutboxRelay(unitOfWork, handOver, log, tuning);
const waiting = async () => Number((await owner.query('SELECT count(*) FROM outbox_event')).rows[0]?.count);

describe('publishing', () => {
  it('leaves no event behind when the change it tells of is rolled back', async () => {
    const change = unitOfWork.forOrganisation(organisation, async (tx) => {
      await outbox.publish(tx, { topic: 'thing.happened', payload: {} });
      throw new Error('changed my mind');
    });
    await expect(change).rejects.toThrow('changed my mind');
    expect(await waiting()).toBe(0);
  });

  it('C1: refuses text long enough to be content', async () => {
    const payload = { note: 'a'.repeat(201) };
    await expect(unitOfWork.asSystem((tx) => outbox.publish(tx, { topic: 'thing.happened', payload }))).rejects.toThrow(
      'ids, enums and numbers',
    );
  });

  it('A3: whoever may publish for a tenant can neither read events nor take them away', async () => {
    await publish(1);
    for (const sql of ['SELECT * FROM outbox_event', 'DELETE FROM outbox_event', 'UPDATE outbox_event SET claimed_until = NULL']) {
      await expect(unitOfWork.forOrganisation(organisation, (tx) => tx.query(sql))).rejects.toThrow('permission denied');
    }
  });

  it('wakes whoever listens when the transaction commits', async () => {
    const heard = vi.fn<() => void>();
    owner.on('notification', heard);
    await owner.query('LISTEN lethe_outbox');
    await publish(3);
    await vi.waitFor(() => expect(heard).toHaveBeenCalledTimes(1));
    await owner.query('UNLISTEN *');
    owner.removeListener('notification', heard);
  });
});

describe('OutboxRelay', () => {
  it('hands over every event once, in batches, and empties the outbox', async () => {
    await publish(25);
    const seen: unknown[] = [];
    const relay = relayTo(async (events) => void seen.push(...events.map((event) => event.payload['n'])));
    relay.start();
    await vi.waitFor(async () => expect(await waiting()).toBe(0));
    await relay.stop();
    expect(seen).toEqual(Array.from({ length: 25 }, (_, n) => n));
  });

  it('hands over each event once between two relays that run at the same time', async () => {
    await publish(60);
    const seen: string[] = [];
    const handOver = async (events: readonly OutgoingEvent[]) => void seen.push(...events.map((event) => event.id));
    const relays = [relayTo(handOver), relayTo(handOver), relayTo(handOver)];
    for (const relay of relays) relay.start();
    await vi.waitFor(async () => expect(await waiting()).toBe(0));
    await Promise.all(relays.map((relay) => relay.stop()));
    expect(seen).toHaveLength(60);
    expect(new Set(seen).size).toBe(60);
  });

  it('keeps an event the queue did not take, and offers it again at once', async () => {
    await publish(1);
    await expect(relayTo(() => Promise.reject(new Error('away'))).relayBatch()).rejects.toThrow('away');
    expect(await relayTo(async () => undefined).relayBatch()).toBe(1);
  });

  it('a relay that died after its claim loses it when the lease runs out, not before', async () => {
    await publish(1);
    // A hand-over that never ends is what a dead relay looks like from the database.
    void relayTo(() => new Promise(() => undefined)).relayBatch();
    await vi.waitFor(async () =>
      expect((await owner.query('SELECT claimed_until FROM outbox_event')).rows[0]?.claimed_until).not.toBeNull(),
    );
    expect(await relayTo(async () => undefined).relayBatch()).toBe(0);
    await vi.waitFor(async () => expect(await relayTo(async () => undefined).relayBatch()).toBe(1), { timeout: 3_000 });
  });

  it('a relay cut off between hand-over and delete hands the same id over again, so the queue can tell', async () => {
    await publish(1);
    const ids: string[] = [];
    const relay = relayTo(async (events) => {
      ids.push(...events.map((event) => event.id));
      if (ids.length === 1)
        await owner.query(
          "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'lethe' AND datname = current_database()",
        );
      if (ids.length === 1) await owner.query('REVOKE DELETE ON outbox_event FROM lethe_system');
    });
    // How the loss shows depends on what the driver saw first: the server's farewell, a closed socket or the refused delete.
    await expect(relay.relayBatch()).rejects.toThrow();
    expect(await waiting()).toBe(1);
    await owner.query('GRANT DELETE ON outbox_event TO lethe_system');
    await vi.waitFor(async () => expect(await relay.relayBatch()).toBe(1), { timeout: 3_000 });
    expect(ids).toHaveLength(2);
    expect(ids[0]).toBe(ids[1]);
    expect(await waiting()).toBe(0);
  });
});
