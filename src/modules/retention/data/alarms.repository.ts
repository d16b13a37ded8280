import { Injectable } from '@nestjs/common';
import type { DataClass } from '../../../contracts/data-classes.js';
import type { Tx } from '../../../platform/database/unit-of-work.js';
import './retention.inventory.js';

/** The classes of which something is kept past its time. Needs a system transaction. */
@Injectable()
export class AlarmsRepository {
  /** Something overdue was seen. True when that begins an alarm, and false while there is one. */
  async raise(tx: Tx, dataClass: DataClass, at: Date): Promise<boolean> {
    const begun = await tx.query<unknown[]>(
      'INSERT INTO retention_alarm (data_class, raised_at, seen_at) VALUES ($1, $2, $2) ON CONFLICT DO NOTHING RETURNING data_class',
      [dataClass, at],
    );
    if (begun.length > 0) return true;
    await tx.query('UPDATE retention_alarm SET seen_at = greatest(seen_at, $2) WHERE data_class = $1', [dataClass, at]);
    return false;
  }

  /** Ends the alarms of classes of which nobody has seen anything overdue since that moment, and answers which. */
  async end(tx: Tx, notSeenSince: Date): Promise<DataClass[]> {
    const ended = await tx.query<{ dataClass: DataClass }[]>(
      `WITH ended AS (DELETE FROM retention_alarm WHERE seen_at <= $1 RETURNING data_class) SELECT data_class AS "dataClass" FROM ended ORDER BY 1`,
      [notSeenSince],
    );
    return ended.map(({ dataClass }) => dataClass);
  }
}
