import { Money } from '../../../kernel/money.js';
import type { BudgetHold } from '../usage.contract.js';
import type { IntentRow, RecordRow } from './call-rows.js';

/** The arguments of `commit_plain_calls`. */
export function plainCommitArguments(intents: readonly IntentRow[], records: readonly RecordRow[]): unknown[] {
  const sums = [...movesOf(intents, records).values()];
  return [
    `{${intents.map(intentLiteral).join(',')}}`,
    `{${records.map(recordLiteral).join(',')}}`,
    records.map((record) => record.id),
    sums.map((move) => move.id),
    sums.map((move) => move.start),
    sums.map((move) => move.placed.toString()),
    sums.map((move) => move.released.toString()),
    sums.map((move) => move.booked.toString()),
  ];
}

/** What a batch does to one budget in one period. */
interface Move {
  readonly id: string;
  readonly start: string;
  placed: Money;
  released: Money;
  booked: Money;
}

function movesOf(intents: readonly IntentRow[], records: readonly RecordRow[]): Map<string, Move> {
  const moves = new Map<string, Move>();
  for (const intent of intents) {
    if (intent.budgets.length === 0) continue;
    const hold = Money.parse(intent.hold);
    for (const budget of intent.budgets) {
      const move = moveOf(moves, budget);
      move.placed = move.placed.plus(hold);
    }
  }
  for (const record of records) {
    if (record.budgets.length === 0) continue;
    const hold = Money.parse(record.hold);
    const cost = record.cost === null ? Money.ZERO : Money.parse(record.cost);
    for (const budget of record.budgets) {
      const move = moveOf(moves, budget);
      move.released = move.released.plus(hold);
      move.booked = move.booked.plus(cost);
    }
  }
  return moves;
}

function moveOf(moves: Map<string, Move>, budget: BudgetHold): Move {
  const key = budget.id + budget.start;
  let move = moves.get(key);
  if (!move) {
    move = { id: budget.id, start: budget.start, placed: Money.ZERO, released: Money.ZERO, booked: Money.ZERO };
    moves.set(key, move);
  }
  return move;
}

// Rows as composites inside an array (PostgreSQL manual, 8.15.6 and 8.16.2), their fields in the order of the table's columns. Written out
// rather than looped over: this runs twice for every call. Ids, dates, numbers and words of our own need no quotes; nothing is null.

/** A row of `call_intent`. */
function intentLiteral(row: IntentRow): string {
  return (
    `"(${row.id},${row.expires_on},${row.organisation_id},${row.project_id},${row.key_id},${row.instance_id},${row.started_at},` +
    `${row.operation},${quoted(row.requested_model)},${row.stream},${quoted(row.client_request_id)},${row.hold},${budgetsText(row.budgets)})"`
  );
}

/** A row of `call_record`. */
function recordLiteral(row: RecordRow): string {
  return (
    `"(${row.id},${row.expires_on},${row.organisation_id},${row.project_id},${row.key_id},${row.started_at},` +
    `${row.operation},${quoted(row.requested_model)},${row.stream},${quoted(row.client_request_id)},` +
    `${row.outcome},${row.http_status ?? ''},${quoted(row.error_code)},${quoted(row.finish_reason)},` +
    `${row.provider ?? ''},${quoted(row.upstream_model)},${row.credential_id ?? ''},${quoted(row.upstream_request_id)},` +
    `${row.usage_source},${row.input_tokens ?? ''},${row.cached_input_tokens ?? ''},${row.cache_write_tokens ?? ''},` +
    `${row.output_tokens ?? ''},${row.reasoning_tokens ?? ''},${row.cost ?? ''},${row.currency},${row.price_source ?? ''},` +
    `${row.latency_ms ?? ''},${row.first_token_ms ?? ''},${quoted(JSON.stringify(row.attempts))},${row.hold},${budgetsText(row.budgets)})"`
  );
}

/** Lists of budgets are shared by all calls of a key, so their text is made once for as long as they live. */
const budgetTexts = new WeakMap<readonly BudgetHold[], string>();

function budgetsText(budgets: readonly BudgetHold[]): string {
  let text = budgetTexts.get(budgets);
  if (text === undefined) {
    text = quoted(JSON.stringify(budgets));
    budgetTexts.set(budgets, text);
  }
  return text;
}

/** A quoted field of a composite inside a quoted element of an array: each level doubles what the level inside has to escape. */
function quoted(text: string | null): string {
  if (text === null) return '';
  const escaped = text.includes('\\') ? text.replaceAll('\\', '\\\\\\\\') : text;
  return `\\"${escaped.includes('"') ? escaped.replaceAll('"', '\\"\\"') : escaped}\\"`;
}
