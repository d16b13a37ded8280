import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import type { OrganisationId } from '../../kernel/ids.js';
import { type ContentTx, type Tx, UnitOfWork } from './unit-of-work.js';

/** {@link UnitOfWork} on the application's pool, whose sessions start as `lethe_app`: without a named organisation they see no row. */
@Injectable()
export class TypeOrmUnitOfWork extends UnitOfWork {
  constructor(private readonly source: DataSource) {
    super();
  }

  override forOrganisation<T>(organisationId: OrganisationId, work: (tx: Tx) => Promise<T>): Promise<T> {
    return this.source.transaction(async (manager) => {
      await manager.query(`SELECT set_config('lethe.organisation_id', $1, true)`, [organisationId]);
      return work(manager as Tx);
    });
  }

  override asSystem<T>(work: (tx: Tx) => Promise<T>): Promise<T> {
    return this.source.transaction(async (manager) => {
      await manager.query('SET LOCAL ROLE lethe_system');
      return work(manager as Tx);
    });
  }

  override async withContent<T>(tx: Tx, work: (tx: ContentTx) => Promise<T>): Promise<T> {
    const [before] = await tx.query<{ role: string }[]>(
      `SELECT current_setting('role') AS role, set_config('role', 'lethe_content', true)`,
    );
    const result = await work(tx as unknown as ContentTx);
    await tx.query(`SELECT set_config('role', $1, true)`, [before?.role]);
    return result;
  }
}
