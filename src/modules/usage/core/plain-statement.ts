/** What a batch is made of. */
export interface BatchShape {
  readonly intents: boolean;
  readonly records: boolean;
  readonly budgets: 'none' | 'one' | 'several';
}

export interface Statement {
  /** What a session that has prepared it knows it by. */
  readonly name: string;
  readonly text: string;
  /** What it takes of each budget, behind everything else, in this order. */
  readonly moveColumns: readonly MoveColumn[];
}

const MOVE_TYPES = { id: 'uuid', start: 'date', placed: 'numeric', released: 'numeric', booked: 'numeric' } as const;
type MoveColumn = keyof typeof MOVE_TYPES;

/** Made once for each shape. */
const statements = new Map<string, Statement>();

/**
 * The statement for batches of a shape. Each has its own, so that none pays for the start and end of parts it has no rows for: of a commit of
 * 16 calls that is a fifth.
 */
export function plainStatement(shape: BatchShape): Statement {
  const name = `plain_commit_${shape.intents ? 'i' : ''}${shape.records ? 'r' : ''}_${shape.budgets}`;
  let statement = statements.get(name);
  if (!statement) {
    statement = { name, text: textOf(shape), moveColumns: moveColumns(shape) };
    statements.set(name, statement);
  }
  return statement;
}

/** Holds are placed by intents only, released and booked by settlements. */
function moveColumns({ intents, records }: BatchShape): readonly MoveColumn[] {
  return ['id', 'start', ...(intents ? (['placed'] as const) : []), ...(records ? (['released', 'booked'] as const) : [])];
}

/**
 * The counts are read in the order in which the parts are to run, the budgets last: their rows are locked for little more than the flush.
 * That of `opened` is read for its place only, since an insert that fails says so itself.
 */
function textOf(shape: BatchShape): string {
  let values = 0;
  const value = (type: string) => `$${(values += 1)}::${type}`;
  const parts: string[] = [];
  const sound: string[] = [];
  if (shape.records) {
    parts.push(settled(value('call_settlement[]')), 'recorded AS (INSERT INTO call_record SELECT * FROM settled RETURNING 1)');
    sound.push(`(SELECT count(*) FROM recorded) = ${value('integer')}`);
  }
  if (shape.intents) {
    parts.push(`opened AS (INSERT INTO call_intent SELECT * FROM unnest(${value('call_intent[]')}) RETURNING 1)`);
    sound.push('(SELECT count(*) FROM opened) >= 0');
  }
  let states = 'NULL::text';
  if (shape.budgets !== 'none') {
    const moves = shape.budgets === 'one' ? oneMove(shape, value) : severalMoves(shape, value);
    parts.push(moved(shape, moves.from));
    states = `coalesce(${moves.states}, refuse_plain_commit())`;
  }
  return `WITH ${parts.join(', ')}
SELECT CASE WHEN ${sound.join(' AND ')} THEN ${states} ELSE refuse_plain_commit() END AS states`;
}

function settled(settlements: string): string {
  return `settled AS (
  DELETE FROM call_intent i USING unnest(${settlements}) AS s WHERE i.id = s.id
  RETURNING i.id, i.expires_on, i.organisation_id, i.project_id, i.key_id, i.started_at, i.operation, i.requested_model, i.stream,
    i.client_request_id, s.outcome, s.http_status, s.error_code, s.finish_reason, s.provider, s.upstream_model, s.credential_id,
    s.upstream_request_id, s.usage_source, s.input_tokens, s.cached_input_tokens, s.cache_write_tokens, s.output_tokens,
    s.reasoning_tokens, s.cost, s.currency, s.price_source, s.latency_ms, s.first_token_ms, s.attempts, i.hold, i.budgets, i.end_user_id)`;
}

/** Where the sums of a batch come from, and what to answer of the budgets: null when not all of them could be moved. */
interface Moves {
  readonly from: string;
  readonly states: string;
}

function oneMove(shape: BatchShape, value: (type: string) => string): Moves {
  return {
    from: `(SELECT ${moveColumns(shape)
      .map((column) => `${value(MOVE_TYPES[column])} AS ${column}`)
      .join(', ')})`,
    states: '(SELECT state FROM moved)',
  };
}

/** Locked in one order, so that two replicas cannot dead-lock. */
function severalMoves(shape: BatchShape, value: (type: string) => string): Moves {
  const columns = moveColumns(shape);
  const lists = columns.map((column) => value(`${MOVE_TYPES[column]}[]`));
  return {
    from: `(
    SELECT m.* FROM unnest(${lists.join(', ')}) AS m (${columns.join(', ')})
    JOIN budget_period p ON p.budget_id = m.id AND p.period_start = m.start
    ORDER BY m.id, m.start
    FOR UPDATE OF p)`,
    states: `(SELECT string_agg(state, ',') FROM moved HAVING count(*) = cardinality(${lists[0]}))`,
  };
}

/** An alert is due when the spending reaches the first of the budget's percentages, which lie in order, above the one it was last alerted of. */
function moved({ intents, records }: BatchShape, moves: string): string {
  const held = `p.held${intents ? ' + t.placed' : ''}${records ? ' - t.released' : ''}`;
  const spent = `p.spent${records ? ' + t.booked' : ''}`;
  const fits = `AND (b.kind = 'soft' OR t.placed = 0 OR ${spent} + ${held} <= b.limit_amount)`;
  const alertsNobody = `AND (t.booked <= 0 OR coalesce(
      (${spent}) * 100 < b.limit_amount * b.alert_percents[width_bucket(p.alerted_percent, b.alert_percents) + 1], true))`;
  return `moved AS (
  UPDATE budget_period p SET held = ${held}${records ? `, spent = ${spent}` : ''}, version = p.version + 1
  FROM ${moves} AS t
  JOIN budget b ON b.id = t.id
  WHERE p.budget_id = t.id AND p.period_start = t.start
    ${intents ? fits : ''}
    ${records ? alertsNobody : ''}
  RETURNING concat_ws(' ', p.budget_id, p.period_start, b.limit_amount - p.spent - p.held, p.version) AS state)`;
}
