import type { Client } from 'pg';
import { Money } from '../../../kernel/money.js';
import { type RowType, RowWriter } from '../../../platform/database/binary-rows.js';
import type { BudgetHold } from '../usage.contract.js';
import type { BudgetState, IntentRow, RecordRow } from './call-rows.js';
import { plainStatement, type Statement } from './plain-statement.js';

/** A statement ready to be sent: its values as text, or in binary where they are buffers. */
export interface PlainCommit extends Pick<Statement, 'name' | 'text'> {
  readonly values: readonly (string | Buffer)[];
}

/** How a session's server numbers the types of what a plain commit sends. */
export interface RowTypes {
  readonly intent: RowType;
  readonly settlement: RowType;
}

export async function readRowTypes(client: Pick<Client, 'query'>): Promise<RowTypes> {
  const { rows } = await client.query<RowType & { readonly name: string }>(
    `SELECT t.typname AS name, t.oid::int4 AS oid, array_agg(a.atttypid::int4 ORDER BY a.attnum) AS columns
     FROM pg_type t JOIN pg_attribute a ON a.attrelid = t.typrelid AND a.attnum > 0 AND NOT a.attisdropped
     WHERE t.oid IN ('call_intent'::regtype, 'call_settlement'::regtype)
     GROUP BY 1, 2`,
  );
  const named = (name: string): RowType => rows.find((row) => row.name === name) as RowType;
  return { intent: named('call_intent'), settlement: named('call_settlement') };
}

const writer = new RowWriter();

/**
 * The fast way through the ledger, for batches in which nothing is out of the ordinary: every settlement finds its intent, every hold
 * fits, no alert is due. One statement, because each statement of a function costs its own start and end. It takes rows in PostgreSQL's
 * binary format, of which there is least to read, makes a record of the intent it deletes, and moves each budget once, by sums made here.
 * Anything else raises LT001 and changes nothing. A budget that another replica has just moved is waited for and judged as that one left
 * it (PostgreSQL manual, 13.2.1).
 *
 * Raises {@link NotRepresentable} for a number that its column cannot hold.
 */
export function plainCommit(types: RowTypes, intents: readonly IntentRow[], records: readonly RecordRow[]): PlainCommit {
  const moves = [...movesOf(intents, records)];
  const [move] = moves;
  const budgets = moves.length > 1 ? 'several' : move ? 'one' : 'none';
  const statement = plainStatement({ intents: intents.length > 0, records: records.length > 0, budgets });
  const values: (string | Buffer)[] = [];
  if (records.length > 0) values.push(writer.rows(types.settlement, records, writeSettlement), String(records.length));
  if (intents.length > 0) values.push(writer.rows(types.intent, intents, writeIntent));
  if (moves.length > 1) values.push(...statement.moveColumns.map((column) => `{${moves.map((each) => String(each[column])).join(',')}}`));
  else if (move) values.push(...statement.moveColumns.map((column) => String(move[column])));
  return { name: statement.name, text: statement.text, values };
}

/** What a plain commit answers about the budgets it moved; null when there were none. */
export function plainCommitStates(answer: string | null): BudgetState[] {
  if (answer === null) return [];
  return answer.split(',').map((line) => {
    const [id = '', start = '', remaining = '', version = ''] = line.split(' ');
    return { id, start, remaining, version: Number(version) };
  });
}

interface Sums {
  placed: Money;
  released: Money;
  booked: Money;
}

/** What a batch does to one budget in one period. */
type Move = BudgetHold & Sums;

function movesOf(intents: readonly IntentRow[], records: readonly RecordRow[]): Iterable<Move> {
  // Lists of budgets are shared by all calls of a key: what the calls come to is summed by list first.
  const byList = new Map<readonly BudgetHold[], Sums>();
  for (const { budgets, hold } of intents) {
    if (budgets.length === 0) continue;
    const sum = sumOf(byList, budgets);
    sum.placed = sum.placed.plus(Money.parse(hold));
  }
  for (const { budgets, hold, cost } of records) {
    if (budgets.length === 0) continue;
    const sum = sumOf(byList, budgets);
    sum.released = sum.released.plus(Money.parse(hold));
    if (cost !== null) sum.booked = sum.booked.plus(Money.parse(cost));
  }
  const moves = new Map<string, Move>();
  for (const [budgets, sum] of byList) {
    for (const { id, start } of budgets) {
      const key = id + start;
      const move = moves.get(key);
      if (move) {
        move.placed = move.placed.plus(sum.placed);
        move.released = move.released.plus(sum.released);
        move.booked = move.booked.plus(sum.booked);
      } else {
        moves.set(key, { id, start, ...sum });
      }
    }
  }
  return moves.values();
}

function sumOf(byList: Map<readonly BudgetHold[], Sums>, budgets: readonly BudgetHold[]): Sums {
  let sum = byList.get(budgets);
  if (!sum) {
    sum = { placed: Money.ZERO, released: Money.ZERO, booked: Money.ZERO };
    byList.set(budgets, sum);
  }
  return sum;
}

/** A row of `call_intent`, column by column. */
function writeIntent(row: IntentRow, to: RowWriter): void {
  to.uuid(row.id);
  to.date(row.expires_on);
  to.uuid(row.organisation_id);
  to.uuid(row.project_id);
  to.uuid(row.key_id);
  to.uuid(row.instance_id);
  to.timestamp(row.started_at);
  to.text(row.operation);
  to.text(row.requested_model);
  to.boolean(row.stream);
  to.text(row.client_request_id);
  to.numeric(row.hold);
  to.text(budgetsText(row.budgets));
  to.uuid(row.end_user_id);
}

/** A `call_settlement`, column by column. */
function writeSettlement(row: RecordRow, to: RowWriter): void {
  to.uuid(row.id);
  to.text(row.outcome);
  to.integer(row.http_status);
  to.text(row.error_code);
  to.text(row.finish_reason);
  to.text(row.provider);
  to.text(row.upstream_model);
  to.uuid(row.credential_id);
  to.text(row.upstream_request_id);
  to.text(row.usage_source);
  to.integer(row.input_tokens);
  to.integer(row.cached_input_tokens);
  to.integer(row.cache_write_tokens);
  to.integer(row.output_tokens);
  to.integer(row.reasoning_tokens);
  to.numeric(row.cost);
  to.text(row.currency);
  to.text(row.price_source);
  to.integer(row.latency_ms);
  to.integer(row.first_token_ms);
  to.text(JSON.stringify(row.attempts));
}

/** Lists of budgets are shared by all calls of a key, so their text is made once for as long as they live. */
const budgetTexts = new WeakMap<readonly BudgetHold[], string>();

function budgetsText(budgets: readonly BudgetHold[]): string {
  let text = budgetTexts.get(budgets);
  if (text === undefined) {
    text = JSON.stringify(budgets);
    budgetTexts.set(budgets, text);
  }
  return text;
}
