import { Injectable } from '@nestjs/common';
import { UnitOfWork } from '../../../../platform/database/unit-of-work.js';
import { Log } from '../../../../platform/telemetry/logger.js';

/** A table that takes longer than about a second to be rewritten is left to the operator's own maintenance window. */
const MOST_BYTES = 64 * 1024 * 1024;

export interface RewriteRound {
  readonly rewritten: readonly string[];
  /** In use for longer than they were waited for: the next round tries again. */
  readonly busy: readonly string[];
  readonly tooLarge: readonly string[];
}

/**
 * Frees the database's files from what was deleted or replaced (D2, D3). PostgreSQL marks a deleted row, and a vacuum makes its place free, but the
 * bytes stay in the page until something is written over them; only a rewrite leaves them behind. Tables that expire by partition mostly need none:
 * their files go. The others are small, since what grows expires; each is rewritten in a transaction of its own.
 */
@Injectable()
export class RewriteTables {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly log: Log,
  ) {}

  async run(signal?: AbortSignal): Promise<RewriteRound> {
    const round = { rewritten: [] as string[], busy: [] as string[], tooLarge: [] as string[] };
    for (const table of await this.tablesWithLeftovers()) {
      if (signal?.aborted === true) return round;
      const rewritten = await this.rewrite(table);
      (rewritten === true ? round.rewritten : rewritten === false ? round.busy : round.tooLarge).push(table);
      if (rewritten === null) this.log.warn('a table is too large to be rewritten while people wait', { component: 'retention', table });
    }
    if (round.busy.length > 0)
      this.log.warn('tables were in use; the next round rewrites them', { component: 'retention', count: round.busy.length });
    await this.unitOfWork.asSystem((tx) => tx.query('SELECT end_wal_file()'));
    return round;
  }

  private async rewrite(table: string): Promise<boolean | null> {
    const [row] = await this.unitOfWork.asSystem((tx) =>
      tx.query<{ rewritten: boolean | null }[]>('SELECT rewrite_table($1::regclass, $2) AS rewritten', [table, MOST_BYTES]),
    );
    return row?.rewritten ?? null;
  }

  /** All of Lethe's that are no partitions, and the partitions from which something was deleted before their day, by name. */
  private async tablesWithLeftovers(): Promise<string[]> {
    const rows = await this.unitOfWork.asSystem((tx) =>
      tx.query<{ name: string }[]>(
        `SELECT relname AS name FROM pg_class c
         WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' AND pg_relation_size(c.oid) > 0
           AND (NOT relispartition OR pg_stat_get_tuples_deleted(c.oid) + pg_stat_get_tuples_updated(c.oid) > 0)
           AND EXISTS (SELECT FROM pg_index WHERE indrelid = c.oid AND indisprimary) ORDER BY 1`,
      ),
    );
    return rows.map(({ name }) => name);
  }
}
