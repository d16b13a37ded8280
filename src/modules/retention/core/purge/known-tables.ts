import { Injectable } from '@nestjs/common';
import type { DataClass } from '../../../../contracts/data-classes.js';
import { declaredTables, locatorsOf, type TableDeclaration } from '../../../../contracts/data-inventory.js';
import type { ExpiringTable } from '../../../../contracts/expiring-tables.js';
import { UnitOfWork } from '../../../../platform/database/unit-of-work.js';
import { ExpiringTableRegistry } from '../expiring-table-registry.js';

/**
 * Tells the database what it must know of each expiring table to keep what a hold covers, whoever asks it to drop. A table it has not been told of
 * it refuses to drop anything of while there is any hold.
 */
@Injectable()
export class KnownTables {
  constructor(
    private readonly registry: ExpiringTableRegistry,
    private readonly unitOfWork: UnitOfWork,
  ) {}

  async tell(): Promise<void> {
    const rows = this.registry.tables().map((table) => ({
      name: table.table,
      data_class: classOf(table),
      organisation_column: table.organisation,
      account_column: accountColumnOf(table.table),
      written_column: table.writtenAt,
    }));
    const known = JSON.stringify(rows);
    await this.unitOfWork.asSystem(async (tx) => {
      await tx.query(
        `INSERT INTO expiring_table AS e SELECT * FROM json_populate_recordset(NULL::expiring_table, $1)
         ON CONFLICT (name) DO UPDATE SET data_class = excluded.data_class, organisation_column = excluded.organisation_column,
           account_column = excluded.account_column, written_column = excluded.written_column
         WHERE e IS DISTINCT FROM excluded`,
        [known],
      );
      await tx.query(`DELETE FROM expiring_table WHERE name NOT IN (SELECT name FROM json_populate_recordset(NULL::expiring_table, $1))`, [
        known,
      ]);
    });
  }
}

/** The class an expiring table's rows are of. */
export function classOf({ table, window }: ExpiringTable): DataClass {
  return 'dataClass' in window ? window.dataClass : (declarationOf(table)?.dataClass ?? 'operational');
}

/** The column that names the account a row is about, where one does so directly; null otherwise. */
function accountColumnOf(table: string): string | null {
  const declaration = declarationOf(table);
  if (declaration?.subject !== 'account_holder') return null;
  const direct = locatorsOf(declaration).find(({ by, via, where }) => by === undefined && via === undefined && where === undefined);
  return direct?.column ?? null;
}

function declarationOf(table: string): TableDeclaration | undefined {
  return declaredTables().find((each) => each.table === table);
}
