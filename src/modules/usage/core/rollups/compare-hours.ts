import { Injectable } from '@nestjs/common';
import type { OrganisationId } from '../../../../kernel/ids.js';
import { Money } from '../../../../kernel/money.js';
import { UnitOfWork } from '../../../../platform/database/unit-of-work.js';
import { type Bucket, type CallTotal, RollupCellsRepository } from '../../data/rollup-cells.repository.js';
import { type LateHour, RollupProgressRepository } from '../../data/rollup-progress.repository.js';
import { hoursOf, minutesOf, MOST_CALLS, piecesOf, workThrough } from './pieces-of-work.js';

type Totals = ReadonlyMap<OrganisationId, CallTotal>;

/** Finds the hours of a day whose calls or cost are others in the ledger than in the roll-up. */
@Injectable()
export class CompareHours {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly cells: RollupCellsRepository,
    private readonly progress: RollupProgressRepository,
  ) {}

  /** An hour that the database would not compare counts as one that differs. */
  async run(day: Bucket, signal: AbortSignal): Promise<LateHour[]> {
    const differing: LateHour[] = [];
    for (const hour of hoursOf(day)) {
      if (signal.aborted) break;
      for (const organisationId of await this.differing(hour)) differing.push({ organisationId, hourMs: hour.startMs });
    }
    return differing;
  }

  private async differing(hour: Bucket): Promise<OrganisationId[]> {
    const organisations = await this.unitOfWork.asSystem((tx) => this.progress.organisationsWithCalls(tx, hour.startMs, hour.endMs));
    const rolled = byOrganisation(await this.unitOfWork.asSystem((tx) => this.cells.totals(tx, hour, organisations)));
    const calls = new Map([...rolled].map(([organisationId, total]) => [organisationId, total.calls]));
    const differing: OrganisationId[] = [];
    const compare = async (own: readonly OrganisationId[], pieces: readonly Bucket[]): Promise<void> => {
      const inLedger = await this.inLedger(own, pieces);
      differing.push(...own.filter((organisationId) => !isSame(rolled.get(organisationId), inLedger.get(organisationId))));
    };
    const notCompared = (organisationId: OrganisationId): void => void differing.push(organisationId);
    for (const piece of piecesOf(organisations, calls)) await workThrough(piece, (own) => compare(own, [hour]), notCompared);
    for (const organisationId of organisations.filter((each) => (calls.get(each) ?? 0) > MOST_CALLS)) {
      await workThrough([organisationId], (own) => compare(own, minutesOf(hour)), notCompared);
    }
    return differing;
  }

  /** What the ledger has of buckets that do not overlap, each read by a statement of its own, added up. */
  private async inLedger(organisations: readonly OrganisationId[], buckets: readonly Bucket[]): Promise<Totals> {
    const parts: CallTotal[] = [];
    for (const bucket of buckets) {
      parts.push(...(await this.unitOfWork.asSystem((tx) => this.cells.recordTotals(tx, bucket, organisations))));
    }
    return byOrganisation(parts);
  }
}

function byOrganisation(totals: readonly CallTotal[]): Totals {
  const sums = [...Map.groupBy(totals, ({ organisationId }) => organisationId)].map(([organisationId, own]): CallTotal => {
    const cost = Money.sum(own.map((total) => Money.parse(total.cost))).toString();
    return { organisationId, calls: own.reduce((sum, { calls }) => sum + calls, 0), cost };
  });
  return new Map(sums.map((total) => [total.organisationId, total]));
}

function isSame(rolled: CallTotal | undefined, inLedger: CallTotal | undefined): boolean {
  return rolled?.calls === inLedger?.calls && rolled?.cost === inLedger?.cost;
}
