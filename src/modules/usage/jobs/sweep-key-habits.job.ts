import { Injectable } from '@nestjs/common';
import { SweptTables, type TableSweep } from '../../../contracts/swept-store.js';
import { WatchKeys } from '../core/watch-keys.js';

/** Forgets old habits also where nobody watches keys any more: a clean-up does not stop with the feature (peers 18). */
@Injectable()
export class SweepKeyHabitsJob extends SweptTables {
  constructor(private readonly watching: WatchKeys) {
    super();
  }

  override async sweep({ removing }: TableSweep): Promise<void> {
    await removing(async (tx) => ({ key_habit: await this.watching.forgetOld(tx) }));
  }
}
