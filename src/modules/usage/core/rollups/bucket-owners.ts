import { Injectable } from '@nestjs/common';
import type { OrganisationId } from '../../../../kernel/ids.js';
import type { Tx } from '../../../../platform/database/unit-of-work.js';
import { type Bucket, type BucketOwner, type BucketTotal, RollupCellsRepository } from '../../data/rollup-cells.repository.js';
import { minutesOf, MOST_CALLS } from './pieces-of-work.js';
import { RollupWindows } from './rollup-windows.js';

/** Tells whose buckets may be made, and until when they are kept. */
@Injectable()
export class BucketOwners {
  constructor(
    private readonly cells: RollupCellsRepository,
    private readonly windows: RollupWindows,
  ) {}

  of(bucket: Bucket, organisations: readonly OrganisationId[]): BucketOwner[] {
    return organisations.map((organisationId) => ({ organisationId, expiresOn: this.windows.expiresOn(bucket, organisationId) }));
  }

  /** The days, `YYYY-MM-DD`, whose partitions these buckets need. Those of the past are gone: nothing is written to them. */
  expiries(buckets: readonly Bucket[], organisations: readonly OrganisationId[]): string[] {
    const today = this.windows.today();
    const days = new Set(buckets.flatMap((bucket) => this.of(bucket, organisations).map(({ expiresOn }) => expiresOn)));
    return [...days].filter((day) => day >= today).sort();
  }

  /**
   * Those whose hour may be made, or made anew: what was made is never replaced from less. Once the first of its records has expired, or fewer are there than
   * were summed, an hour stands as it is.
   */
  async changeable(tx: Tx, hour: Bucket, organisations: readonly OrganisationId[]): Promise<OrganisationId[]> {
    const today = this.windows.today();
    const frozen = new Set(organisations.filter((organisationId) => this.windows.expiresOn(hour, organisationId) < today));
    const whole: BucketTotal[] = [];
    for (const total of await this.cells.totals(tx, hour, organisations)) {
      const isPartlyGone = total.sourceExpiresOn < today || hour.startMs < this.windows.recordsSinceMs(total.organisationId);
      if (isPartlyGone) frozen.add(total.organisationId);
      else whole.push(total);
    }
    for (const organisationId of await this.withFewerRecords(tx, hour, whole)) frozen.add(organisationId);
    return organisations.filter((organisationId) => !frozen.has(organisationId));
  }

  /** Organisations of which the ledger has fewer records than were summed. */
  private async withFewerRecords(tx: Tx, hour: Bucket, totals: readonly BucketTotal[]): Promise<OrganisationId[]> {
    if (totals.length === 0) return [];
    const small = totals.filter(({ calls }) => calls <= MOST_CALLS);
    const ids = small.map(({ organisationId }) => organisationId);
    const counts = await this.cells.recordCounts(tx, hour, ids, MOST_CALLS);
    const fewer = small.filter(({ organisationId, calls }) => (counts.get(organisationId) ?? 0) < calls);
    for (const total of totals.filter(({ calls }) => calls > MOST_CALLS)) {
      if (await this.hasFewerByTheMinute(tx, hour, total)) fewer.push(total);
    }
    return fewer.map(({ organisationId }) => organisationId);
  }

  private async hasFewerByTheMinute(tx: Tx, hour: Bucket, { organisationId, calls }: BucketTotal): Promise<boolean> {
    let left = calls;
    for (const minute of minutesOf(hour)) {
      if (left <= 0) break;
      left -= (await this.cells.recordCounts(tx, minute, [organisationId], left)).get(organisationId) ?? 0;
    }
    return left > 0;
  }
}
