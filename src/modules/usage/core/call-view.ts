import { Money } from '../../../kernel/money.js';
import type { CallRow } from '../data/calls.repository.js';

/** `pending` while the call is in flight, `unknown` when it ended without a figure: never zero by default (peers 11). */
export type CostState = 'known' | 'unknown' | 'pending';

/** One call as it is shown: every column of the ledger. */
export type CallView = Omit<CallRow, 'startedAt'> & { readonly startedAt: string; readonly costState: CostState };

export function callView(row: CallRow): CallView {
  return {
    ...row,
    startedAt: row.startedAt.toISOString(),
    hold: Money.parse(row.hold).toString(),
    cost: row.cost === null ? null : Money.parse(row.cost).toString(),
    costState: costState(row),
  };
}

function costState({ outcome, cost }: CallRow): CostState {
  if (outcome === 'open') return 'pending';
  return cost === null ? 'unknown' : 'known';
}
