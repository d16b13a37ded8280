import type { Tx } from './unit-of-work.js';

/**
 * Sees to it that a row which expires on `day` (`YYYY-MM-DD` UTC) has a partition to go into. A worker makes them ahead; should it have been away that long,
 * or the clock have jumped, the partition is made in the caller's own transaction: the change and what it writes about itself still commit together or not
 * at all. The transaction acts as the role it had afterwards.
 */
export async function ensureDayPartition(tx: Tx, table: string, day: string): Promise<void> {
  if (!(await hasPartition(tx, table, day))) await makePartition(tx, table, day);
}

async function hasPartition(tx: Tx, table: string, day: string): Promise<boolean> {
  const partition = `public.${table}_p${day.replaceAll('-', '')}`;
  const [row] = await tx.query<{ found: boolean }[]>('SELECT to_regclass($1) IS NOT NULL AS found', [partition]);
  return row?.found === true;
}

/** Making partitions is lent to the system role only, so the transaction takes that role for one statement and then its own again. */
async function makePartition(tx: Tx, table: string, day: string): Promise<void> {
  const [before] = await tx.query<{ role: string }[]>(`SELECT current_setting('role') AS role`);
  await tx.query('SET LOCAL ROLE lethe_system');
  await tx.query('SELECT create_expiry_partition($1::regclass, $2)', [table, day]);
  await tx.query(`SELECT set_config('role', $1, true)`, [before?.role ?? 'lethe_app']);
}
