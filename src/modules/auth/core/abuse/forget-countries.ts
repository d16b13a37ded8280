import { Injectable } from '@nestjs/common';
import { RetentionWindows } from '../../../../contracts/retention-windows.js';
import { SweptTables, type TableSweep } from '../../../../contracts/swept-store.js';
import { DAY_MS } from '../../../../kernel/clock.js';
import { UnitOfWork } from '../../../../platform/database/unit-of-work.js';
import { KeyCountriesRepository, type LastDay } from '../../data/key-countries.repository.js';

/** Organisations whose countries are swept in one transaction. */
const BATCH = 500;

/** Lets go of countries a key has not been used from for as long as places are kept (D2). A key that comes back from one has never been there. */
@Injectable()
export class ForgetCountries extends SweptTables {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly countries: KeyCountriesRepository,
    private readonly windows: RetentionWindows,
  ) {
    super();
  }

  override async sweep({ nowMs, signal, removing }: TableSweep): Promise<void> {
    const newest = utcDay(nowMs - Math.min(...this.windows.inForce('network_trace')) * DAY_MS);
    let due: LastDay[] = [];
    do {
      const after = due.at(-1)?.organisationId ?? null;
      const organisations = await this.unitOfWork.asSystem((tx) =>
        this.countries.organisations(tx, { notSeenSince: newest, after, limit: BATCH }),
      );
      due = organisations.map((organisationId) => ({
        organisationId,
        day: utcDay(nowMs - this.windows.days('network_trace', organisationId) * DAY_MS),
      }));
      const batch = due;
      if (batch.length > 0) await removing(async (tx) => ({ key_country: await this.countries.forgetUnseen(tx, batch) }));
    } while (due.length === BATCH && !signal.aborted);
  }
}

function utcDay(ms: number): string {
  return new Date(ms).toISOString().slice(0, 10);
}
