import { setTimeout as sleep } from 'node:timers/promises';
import { DataSource } from 'typeorm';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../../../test/harness/postgres.js';
import { newId, type OrganisationId } from '../../kernel/ids.js';
import { ensureDayPartition } from './day-partition.js';
import { sessionAs } from './roles.js';
import { TypeOrmUnitOfWork } from './typeorm-unit-of-work.js';
import type { Tx } from './unit-of-work.js';

/** Every table to which a change writes rows that expire by the day. */
const TABLES = ['audit_event', 'account_ticket', 'account_notice', 'organisation_notice', 'webhook_event', 'webhook_delivery'];
const organisation = newId<OrganisationId>();

let database: TestDatabase;
let source: DataSource;
let unitOfWork: TypeOrmUnitOfWork;
let day = 0;

beforeAll(async () => {
  database = await createTestDatabase();
  const extra = sessionAs('lethe_app', { statementMs: 5_000, connectMs: 2_000 });
  source = await new DataSource({ type: 'postgres', url: database.url, extra }).initialize();
  unitOfWork = new TypeOrmUnitOfWork(source);
});

afterAll(async () => {
  await source.destroy();
  await database.drop();
});

/** One that no table has a partition for. */
const freshDay = (): string => `2041-05-${String((day += 1)).padStart(2, '0')}`;

async function exists(table: string, on: string): Promise<boolean> {
  const [row] = await source.query<{ found: boolean }[]>('SELECT to_regclass($1) IS NOT NULL AS found', [
    `public.${table}_p${on.replaceAll('-', '')}`,
  ]);
  return row?.found === true;
}

it.each(TABLES)(
  'a change that writes to %s on a day without a partition makes one, and has the rights afterwards that it had',
  async (table) => {
    for (const [role, open] of [
      ['lethe_app', unitOfWork.forOrganisation.bind(unitOfWork, organisation)],
      ['lethe_system', unitOfWork.asSystem.bind(unitOfWork)],
    ] as const) {
      const on = freshDay();
      await open(async (tx) => {
        await ensureDayPartition(tx, table, on);
        await ensureDayPartition(tx, table, on);
        expect(await tx.query('SELECT current_user AS role')).toEqual([{ role }]);
      });
      expect(await exists(table, on)).toBe(true);
    }
  },
);

it('a change that fails leaves no partition', async () => {
  const on = freshDay();
  const failing = unitOfWork.asSystem(async (tx) => {
    await ensureDayPartition(tx, 'account_ticket', on);
    throw new Error('the change failed');
  });
  await expect(failing).rejects.toThrow('the change failed');
  expect(await exists('account_ticket', on)).toBe(false);
});

it('of many at once on such a day all go on', async () => {
  const on = freshDay();
  await Promise.all(Array.from({ length: 8 }, () => unitOfWork.asSystem((tx) => ensureDayPartition(tx, 'account_notice', on))));
  expect(await exists('account_notice', on)).toBe(true);
});

it('whoever waited for another to make it is told so, and goes on', async () => {
  const on = freshDay();
  const make = (tx: Tx) => tx.query<{ made: boolean }[]>(`SELECT create_expiry_partition('retention_receipt', $1) AS made`, [on]);
  let isMade = (): void => undefined;
  const made = new Promise<void>((resolve) => (isMade = resolve));
  const first = unitOfWork.asSystem(async (tx) => {
    const [answer] = await make(tx);
    isMade();
    await sleep(100);
    return answer;
  });
  await made;
  const second = unitOfWork.asSystem(async (tx) => {
    const [answer] = await make(tx);
    expect(await tx.query('SELECT 1 AS on')).toEqual([{ on: 1 }]);
    return answer;
  });
  expect(await Promise.all([first, second])).toEqual([{ made: true }, { made: false }]);
});
