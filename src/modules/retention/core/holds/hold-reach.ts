import { Injectable } from '@nestjs/common';
import type { WindowedClass } from '../../../../contracts/data-classes.js';
import { UnitOfWork } from '../../../../platform/database/unit-of-work.js';
import { KnownTables } from '../purge/known-tables.js';

/** What a hold names. */
export interface HoldScope {
  readonly organisationId: string | null;
  readonly accountId: string | null;
  readonly dataClasses: readonly WindowedClass[];
}

/** A table whose rows are deleted one by one, and the class its rows are kept as. */
interface KeptTable {
  readonly table: string;
  readonly dataClass: string;
  readonly organisation: boolean;
  readonly account: boolean;
}

/** Which tables have rows that a hold could cover: those that name what it names. Read from the database, which is what keeps them. */
@Injectable()
export class HoldReach {
  constructor(
    private readonly known: KnownTables,
    private readonly unitOfWork: UnitOfWork,
  ) {}

  /** Tables by name. Empty: such a hold would protect nothing. */
  async of({ organisationId, accountId, dataClasses }: HoldScope): Promise<string[]> {
    await this.known.tell();
    const tables = await this.unitOfWork.asSystem((tx) =>
      tx.query<KeptTable[]>(
        `SELECT name AS table, data_class AS "dataClass", organisation_column IS NOT NULL AS organisation, account_column IS NOT NULL AS account
         FROM expiring_table
         UNION ALL
         SELECT tgrelid::regclass::text, arguments[1], arguments[2] <> '', arguments[3] <> ''
         FROM pg_trigger, string_to_array(encode(tgargs, 'escape'), '\\000') AS arguments
         WHERE tgname = 'keep_held'`,
      ),
    );
    return tables
      .filter(({ dataClass }) => (dataClasses as readonly string[]).includes(dataClass))
      .filter(({ organisation, account }) => (organisationId === null || organisation) && (accountId === null || account))
      .map(({ table }) => table)
      .sort();
  }
}
