import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import type { OrganisationId } from '../../kernel/ids.js';
import { type Tx, UnitOfWork } from './unit-of-work.js';

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
}
