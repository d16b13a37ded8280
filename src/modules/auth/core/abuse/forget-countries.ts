import { Injectable } from '@nestjs/common';
import { dueOrganisations } from '../../../../contracts/due-organisations.js';
import { RetentionWindows } from '../../../../contracts/retention-windows.js';
import { SweptTables, type TableSweep } from '../../../../contracts/swept-store.js';
import { UnitOfWork } from '../../../../platform/database/unit-of-work.js';
import { KeyCountriesRepository } from '../../data/key-countries.repository.js';

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

  override async sweep(round: TableSweep): Promise<void> {
    const traces = { windows: this.windows, dataClass: 'network_trace' } as const;
    const due = dueOrganisations(traces, round, (page) => this.unitOfWork.asSystem((tx) => this.countries.organisations(tx, page)));
    for await (const days of due) await round.removing(async (tx) => ({ key_country: await this.countries.forgetUnseen(tx, days) }));
  }
}
