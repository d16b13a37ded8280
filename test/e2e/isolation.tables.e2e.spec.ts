import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { declaredTables, type TableDeclaration } from '../../src/contracts/data-inventory.js';
import { everyDeclaration } from '../architecture/every-declaration.js';
import { IsolationWalk } from '../harness/isolation.js';

// A3 by the database alone: no line of the application stands between the thief's SQL and the victim's rows.
let walk: IsolationWalk;

beforeAll(async () => {
  walk = await IsolationWalk.start();
});

afterAll(() => walk?.stop());

await everyDeclaration();

const tables = declaredTables().filter(({ table }) => !table.includes('.'));
const tenants = tables.flatMap((each) => (each.tenantPolicy.kind === 'row_level_security' ? [owned(each, each.tenantPolicy.column)] : []));
const system = tables.filter((each) => each.tenantPolicy.kind === 'system_only').map((each) => each.table);

function owned({ table }: TableDeclaration, column: string): { readonly table: string; readonly column: string } {
  return { table, column };
}

/** What became of a statement: the rows it reached, or the refusal. */
async function outcome(sql: string, values: readonly unknown[], as: string | null): Promise<number | 'refused'> {
  return walk.asTenant(as, async (client) => {
    try {
      return (await client.query(sql, [...values])).rowCount ?? 0;
    } catch (error) {
      // 42501: no such privilege, or a row that a policy does not let in.
      if ((error as { code?: string }).code === '42501') return 'refused';
      throw error;
    }
  });
}

describe.each(tenants)('A3: the rows of $table', ({ table, column }) => {
  it('are there to be stolen, and their owner sees them', async () => {
    const { organisationId } = walk.victim;
    const [own] = await walk.app.rows<{ count: number }>(`SELECT count(*)::int FROM "${table}" WHERE "${column}" = $1`, [organisationId]);
    expect(own?.count, `test/harness/isolation.ts makes no row of ${table}: add one`).toBeGreaterThan(0);
    expect(await outcome(`SELECT FROM "${table}" WHERE "${column}" = $1`, [organisationId], organisationId)).not.toBe(0);
  });

  it.each(['another organisation', 'no organisation'])('are not there for a session of %s', async (whose) => {
    const as = whose === 'no organisation' ? null : walk.thief.organisationId;
    const { organisationId } = walk.victim;
    for (const sql of [
      `SELECT FROM "${table}" WHERE "${column}" = $1`,
      `UPDATE "${table}" SET "${column}" = "${column}" WHERE "${column}" = $1`,
      `DELETE FROM "${table}" WHERE "${column}" = $1`,
    ]) {
      expect([sql, await outcome(sql, [organisationId], as)]).toEqual([sql, expect.toSatisfy((seen) => seen === 0 || seen === 'refused')]);
    }
  });

  it('cannot be added to, or be given away, by another organisation', async () => {
    const [row] = await walk.app.rows<{ row: object }>(`SELECT to_jsonb(t) AS row FROM "${table}" t WHERE "${column}" = $1 LIMIT 1`, [
      walk.victim.organisationId,
    ]);
    const insert = `INSERT INTO "${table}" SELECT * FROM jsonb_populate_record(NULL::"${table}", $1)`;
    expect(await outcome(insert, [JSON.stringify(row?.row)], walk.thief.organisationId)).toBe('refused');
    const move = `UPDATE "${table}" SET "${column}" = $1 WHERE "${column}" = $2`;
    const moved = await outcome(move, [walk.victim.organisationId, walk.thief.organisationId], walk.thief.organisationId);
    expect(['refused', 0]).toContain(moved);
  });
});

it.each(system)('A3: %s is out of reach of any organisation', async (table) => {
  expect([table, await outcome(`SELECT FROM "${table}"`, [], walk.thief.organisationId)]).toEqual([
    table,
    expect.toSatisfy((seen) => seen === 0 || seen === 'refused'),
  ]);
});

it('A3: the walk meets every table of the database', async () => {
  expect([...tenants.map(({ table }) => table), ...system].sort()).toEqual(await walk.tables());
});
