import pg from 'pg';
import { DataSource } from 'typeorm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../../../../test/harness/postgres.js';
import { fixedWindows } from '../../../../test/harness/windows.js';
import { DAY_MS, ManualClock, utcDay } from '../../../kernel/clock.js';
import { newId, type OrganisationId } from '../../../kernel/ids.js';
import { sessionAs } from '../../../platform/database/roles.js';
import { TypeOrmUnitOfWork } from '../../../platform/database/typeorm-unit-of-work.js';
import type { AuditEntry } from '../audit.contract.js';
import { CommittedAuditLog } from '../core/committed-audit-log.js';
import { ListAuditEvents } from '../core/list-audit-events.js';
import { AuditEventEntity } from './audit-event.entity.js';
import { AuditEventsRepository } from './audit-events.repository.js';

const mine = newId<OrganisationId>();
const other = newId<OrganisationId>();

function entry(organisationId: OrganisationId | null, changes: Partial<AuditEntry> = {}): AuditEntry {
  const actor = { kind: 'system', id: 'test' } as const;
  return { actor, action: 'thing.changed', organisationId, target: { type: 'thing', id: 't1' }, detail: { fields: ['name'] }, ...changes };
}

describe('the audit log', () => {
  let database: TestDatabase;
  let source: DataSource;
  let unitOfWork: TypeOrmUnitOfWork;
  let owner: pg.Pool;
  const clock = new ManualClock(Date.parse('2031-05-01T10:00:00Z'));
  const windows = fixedWindows();
  const rows = new AuditEventsRepository();
  const log = new CommittedAuditLog(rows, clock, windows);

  beforeAll(async () => {
    database = await createTestDatabase();
    owner = new pg.Pool({ connectionString: database.url });
    source = new DataSource({
      type: 'postgres',
      url: database.url,
      entities: [AuditEventEntity],
      extra: sessionAs('lethe_app', { statementMs: 5_000, connectMs: 2_000 }),
    });
    await source.initialize();
    unitOfWork = new TypeOrmUnitOfWork(source);
  });

  afterAll(async () => {
    await source.destroy();
    await owner.end();
    await database.drop();
  });

  function list(organisationId: OrganisationId | undefined, query: Record<string, string> = {}): Promise<AuditEventEntity[]> {
    return new ListAuditEvents(unitOfWork, rows, clock).run(organisationId, { limit: 100, ...query });
  }

  async function partitions(): Promise<string[]> {
    const found = await owner.query<{ relname: string }>(`SELECT relname FROM pg_class WHERE relname ~ '^audit_event_p\\d+$' ORDER BY 1`);
    return found.rows.map(({ relname }) => relname);
  }

  it('O6: writes a row in the transaction of the change, even on a day that has no partition yet', async () => {
    expect(await partitions()).toEqual([]);
    await unitOfWork.forOrganisation(mine, (tx) => log.record(tx, entry(mine)));
    await unitOfWork.asSystem((tx) => log.record(tx, entry(null)));
    expect(await partitions()).toEqual(['audit_event_p20320430']);
    const [event] = await list(mine);
    expect(event).toMatchObject({
      expiresOn: '2032-04-30',
      occurredAt: clock.now(),
      action: 'thing.changed',
      detail: { fields: ['name'] },
    });
  });

  it('O6: a change that is rolled back leaves no row and no partition', async () => {
    clock.advance(DAY_MS);
    const before = await partitions();
    const failing = unitOfWork.forOrganisation(mine, async (tx) => {
      await log.record(tx, entry(mine, { action: 'thing.undone' }));
      throw new Error('the change failed');
    });
    await expect(failing).rejects.toThrow('the change failed');
    expect(await list(mine, { action: 'thing.undone' })).toEqual([]);
    expect(await partitions()).toEqual(before);
  });

  it('A3: making a partition leaves the transaction the rights it had', async () => {
    clock.advance(DAY_MS);
    await unitOfWork.forOrganisation(mine, async (tx) => {
      await log.record(tx, entry(mine));
      expect(await tx.query('SELECT current_user AS role')).toEqual([{ role: 'lethe_app' }]);
    });
    clock.advance(DAY_MS);
    await unitOfWork.asSystem(async (tx) => {
      await log.record(tx, entry(null));
      expect(await tx.query('SELECT current_user AS role')).toEqual([{ role: 'lethe_system' }]);
    });
  });

  it('many changes at once on a day without a partition all commit', async () => {
    clock.advance(DAY_MS);
    const before = (await list(mine)).length;
    await Promise.all(Array.from({ length: 8 }, () => unitOfWork.forOrganisation(mine, (tx) => log.record(tx, entry(mine)))));
    expect(await list(mine)).toHaveLength(before + 8);
  });

  it('A3: an organisation neither reads nor writes the rows of another', async () => {
    await unitOfWork.forOrganisation(other, (tx) => log.record(tx, entry(other, { action: 'secret.made' })));
    await expect(unitOfWork.forOrganisation(mine, (tx) => log.record(tx, entry(other)))).rejects.toThrow(/row-level security/);
    await expect(unitOfWork.forOrganisation(mine, (tx) => log.record(tx, entry(null)))).rejects.toThrow(/row-level security/);
    expect(await list(mine, { action: 'secret.made' })).toEqual([]);
    const filter = {
      notExpiredBefore: '2000-01-01',
      organisationId: undefined,
      action: undefined,
      targetType: undefined,
      targetId: undefined,
      before: undefined,
    };
    const seen = await unitOfWork.forOrganisation(mine, (tx) => rows.list(tx, filter, 1_000));
    expect(new Set(seen.map((event) => event.organisationId))).toEqual(new Set([mine]));
  });

  it('O6: neither role can change or remove a row', async () => {
    for (const statement of ['UPDATE audit_event SET actor_id = $1', 'DELETE FROM audit_event WHERE actor_id <> $1']) {
      await expect(unitOfWork.forOrganisation(mine, (tx) => tx.query(statement, ['x']))).rejects.toThrow(/permission denied/);
      await expect(unitOfWork.asSystem((tx) => tx.query(statement, ['x']))).rejects.toThrow(/permission denied/);
    }
  });

  it('lists newest first, by action, target and position', async () => {
    for (const id of ['a', 'b', 'c']) {
      clock.advance(5);
      await unitOfWork.forOrganisation(mine, (tx) => log.record(tx, entry(mine, { action: 'order.made', target: { type: 'order', id } })));
    }
    const events = await list(mine, { action: 'order.made' });
    expect(events.map((event) => event.targetId)).toEqual(['c', 'b', 'a']);
    expect((await list(mine, { action: 'order.made', before: events[1]?.id ?? '' })).map((event) => event.targetId)).toEqual(['a']);
    expect(await list(mine, { targetType: 'order', targetId: 'b' })).toHaveLength(1);
    expect((await list(undefined)).some((event) => event.organisationId === other)).toBe(true);
  });

  it('D2: an event past its window is not shown, even while its partition still stands', async () => {
    const eventful = await list(mine);
    expect(eventful.length).toBeGreaterThan(0);
    clock.advance((windows.days('audit_log') + 1) * DAY_MS);
    expect(await list(mine)).toEqual([]);
    expect(eventful.every((event) => event.expiresOn < utcDay(clock.nowMs()))).toBe(true);
  });

  it('peers 34: refuses a detail long enough to be a person’s words', async () => {
    const wordy = entry(mine, { detail: { note: 'x'.repeat(201) } });
    await expect(unitOfWork.forOrganisation(mine, (tx) => log.record(tx, wordy))).rejects.toThrow('invariant broken');
  });
});
