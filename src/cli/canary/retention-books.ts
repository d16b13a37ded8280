import { DAY_MS } from '../../kernel/clock.js';
import { type StoreAge, Survivors } from '../../modules/retention/core/survey/survivors.js';
import type { CanaryInstance } from './instance/canary-instance.js';

/** Partitions of what expires by the day, and those of legal holds. */
const PARTITIONS = `SELECT parent.relname AS store, child.relname AS name
  FROM pg_inherits JOIN pg_class child ON child.oid = inhrelid JOIN pg_class parent ON parent.oid = inhparent
  WHERE parent.relkind = 'p' AND parent.relnamespace = 'public'::regnamespace`;
const RECEIPTED = `SELECT store, sum(partitions)::int AS partitions FROM retention_receipt
  WHERE began_at >= $1 AND action IN ('purged', 'released') GROUP BY store`;

/** Whether a replica lives goes by the database's clock (ADR 0008), which nobody moves here. */
const BY_DATABASE_CLOCK = 'gateway_instance';

interface Partition {
  readonly store: string;
  readonly name: string;
}

/** What retention left undone in a round, by its own books and by what is there. */
export interface Unsettled {
  /** What is more than a purge cycle past its time (D2), rows without any word of ours among them. */
  readonly overdue: readonly StoreAge[];
  /** Stores that partitions are gone from for which there is no receipt. */
  readonly unreceipted: readonly string[];
}

/** Holds what a round of the worker did to partitions against the receipts it wrote. */
export class RetentionBooks {
  private constructor(
    private readonly instance: CanaryInstance,
    private readonly before: readonly Partition[],
    private readonly openedAt: Date,
  ) {}

  static async open(instance: CanaryInstance): Promise<RetentionBooks> {
    return new RetentionBooks(instance, await instance.rows<Partition>(PARTITIONS), instance.clock.now());
  }

  async close(): Promise<Unsettled> {
    const { instance } = this;
    const nowMs = instance.clock.nowMs();
    const ages = await instance.lethe.get(Survivors).all();
    const moved = ages.filter(({ store }) => store !== BY_DATABASE_CLOCK);
    const overdue = moved.filter(({ oldest }) => oldest !== null && oldest.dueAt.getTime() < nowMs - DAY_MS);
    return { overdue, unreceipted: await this.unreceipted() };
  }

  private async unreceipted(): Promise<string[]> {
    const left = new Set((await this.instance.rows<Partition>(PARTITIONS)).map(({ name }) => name));
    const gone = Map.groupBy(
      this.before.filter(({ name }) => !left.has(name)),
      ({ store }) => store,
    );
    const receipts = await this.instance.rows<{ store: string; partitions: number }>(RECEIPTED, [this.openedAt]);
    const receipted = new Map(receipts.map(({ store, partitions }) => [store, partitions]));
    return [...gone].flatMap(([store, partitions]) => (receipted.get(store) === partitions.length ? [] : [store]));
  }
}
