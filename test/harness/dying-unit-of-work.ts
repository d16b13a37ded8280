import type pg from 'pg';
import type { OrganisationId } from '../../src/kernel/ids.js';
import { type ContentTx, type Tx, UnitOfWork } from '../../src/platform/database/unit-of-work.js';

/** Thrown where the process would have been killed. */
export class Killed extends Error {}

/**
 * Dies before its n-th statement as a process does under `kill -9`: the connection is gone, the server rolls back, and nothing of what would
 * have come next happens. A commit counts as a statement.
 */
export class DyingUnitOfWork extends UnitOfWork {
  private steps = 0;

  constructor(
    private readonly alive: UnitOfWork,
    private readonly owner: pg.Pool,
    private readonly diesAt: number,
  ) {
    super();
  }

  override forOrganisation<T>(organisationId: OrganisationId, work: (tx: Tx) => Promise<T>): Promise<T> {
    return this.alive.forOrganisation(organisationId, (tx) => this.mortal(tx, work));
  }

  override asSystem<T>(work: (tx: Tx) => Promise<T>): Promise<T> {
    return this.alive.asSystem((tx) => this.mortal(tx, work));
  }

  override withContent<T>(tx: Tx, work: (tx: ContentTx) => Promise<T>): Promise<T> {
    return this.alive.withContent(tx, work);
  }

  private async mortal<T>(tx: Tx, work: (tx: Tx) => Promise<T>): Promise<T> {
    const counted = new Proxy(tx, {
      get: (target, name, receiver) => {
        if (name !== 'query') return Reflect.get(target, name, receiver) as unknown;
        return async (sql: string, values?: unknown[]) => {
          await this.step(target);
          return target.query<unknown>(sql, values);
        };
      },
    });
    const result = await work(counted);
    await this.step(tx);
    return result;
  }

  private async step(tx: Tx): Promise<void> {
    this.steps += 1;
    if (this.steps < this.diesAt) return;
    const [session] = await tx.query<{ pid: number }[]>('SELECT pg_backend_pid() AS pid');
    await this.owner.query('SELECT pg_terminate_backend($1, 1000)', [session?.pid]);
    throw new Killed(`before step ${this.diesAt}`);
  }
}
