import fc from 'fast-check';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../../../../test/harness/postgres.js';
import { newId } from '../../../kernel/ids.js';
import { Money } from '../../../kernel/money.js';
import { NotRepresentable, RowWriter } from '../../../platform/database/binary-rows.js';
import type { IntentRow, RecordRow } from './call-rows.js';
import { plainCommit, readRowTypes, type RowTypes } from './plain-commit.js';

describe('the plain commit', () => {
  let database: TestDatabase;
  let client: pg.Client;
  let types: RowTypes;

  beforeAll(async () => {
    database = await createTestDatabase();
    client = new pg.Client({ connectionString: database.url });
    await client.connect();
    types = await readRowTypes(client);
  });

  afterAll(async () => {
    await client.end();
    await database.drop();
  });

  const id = () => newId<never>() as string;
  // Whatever a client may name, and what would break out of a literal were it not escaped. NUL never gets this far.
  const text = fc.oneof(
    fc.string({ unit: 'grapheme', maxLength: 40 }),
    fc.constantFrom('"', '\\', '\\"', '{}', '(,)', 'null', '', ' ', "'", '},{', '\n'),
  );
  const storable = text.map((value) => value.replaceAll('\0', ''));
  const optional = fc.option(storable);
  const budgets = fc.constantFrom([], [{ id: id(), start: '2026-01-01' }]);

  const moments = fc.integer({ min: Date.UTC(1999, 0, 1), max: Date.UTC(2099, 0, 1) }).map((ms) => new Date(ms).toISOString());
  const days = moments.map((moment) => moment.slice(0, 10));
  const amount = fc
    .tuple(fc.boolean(), fc.bigInt({ min: 0n, max: 10n ** 18n - 1n }), fc.bigInt({ min: 0n, max: 10n ** 12n - 1n }))
    .map(([negative, whole, picos]) => `${negative ? '-' : ''}${whole}.${picos.toString().padStart(12, '0')}`)
    .map((text) => Money.parse(text).toString());

  const intents: fc.Arbitrary<IntentRow> = fc.record({
    id: fc.constant(0).map(id),
    expires_on: days,
    organisation_id: fc.constant(id()),
    project_id: fc.constant(id()),
    key_id: fc.constant(id()),
    instance_id: fc.constant(id()),
    started_at: moments,
    operation: fc.constant('chat'),
    requested_model: storable,
    stream: fc.boolean(),
    client_request_id: optional,
    hold: amount,
    budgets: budgets as fc.Arbitrary<IntentRow['budgets']>,
    end_user_id: fc.option(fc.constant(0).map(id)),
  });

  const records: fc.Arbitrary<RecordRow> = intents.chain(({ instance_id: _instance, ...kept }) =>
    fc
      .record({
        outcome: fc.constantFrom('succeeded', 'failed', 'cut', 'disconnected'),
        http_status: fc.option(fc.constantFrom(200, 502)),
        error_code: optional,
        finish_reason: optional,
        provider: fc.option(fc.constantFrom('openai', 'stand_in')),
        upstream_model: optional,
        credential_id: fc.option(fc.constant(id())),
        upstream_request_id: optional,
        usage_source: fc.constantFrom('reported', 'measured', 'none', 'unknown'),
        input_tokens: fc.option(fc.nat()),
        cached_input_tokens: fc.option(fc.nat()),
        cache_write_tokens: fc.option(fc.nat()),
        output_tokens: fc.option(fc.nat()),
        reasoning_tokens: fc.option(fc.nat()),
        cost: fc.option(amount),
        currency: fc.constant('USD'),
        price_source: fc.option(fc.constantFrom('catalogue', 'override')),
        latency_ms: fc.option(fc.nat()),
        first_token_ms: fc.option(fc.nat()),
        attempts: fc.array(fc.record({ outcome: storable, reason: fc.constant('first'), ms: fc.nat() }), {
          maxLength: 2,
        }) as unknown as fc.Arbitrary<RecordRow['attempts']>,
      })
      .map((rest) => ({ ...kept, ...rest }) as RecordRow),
  );

  const some = <Row>(rows: fc.Arbitrary<Row>) => fc.array(rows, { minLength: 1, maxLength: 3 });

  it('writes every row so that Postgres reads what the general way reads', async () => {
    await fc.assert(
      fc.asyncProperty(some(intents), some(records), async (someIntents, someRecords) => {
        const [recordRows, , intentRows] = plainCommit(types, someIntents, someRecords).values;
        const { rows } = await client.query<{ same: boolean }>(
          `SELECT (SELECT coalesce(jsonb_agg(to_jsonb(r)), '[]') FROM unnest($1::call_intent[]) r)
                = (SELECT coalesce(jsonb_agg(to_jsonb(r)), '[]') FROM json_populate_recordset(NULL::call_intent, $3) r)
              AND (SELECT coalesce(jsonb_agg(to_jsonb(r)), '[]') FROM unnest($2::call_settlement[]) r)
                = (SELECT coalesce(jsonb_agg(to_jsonb(r)), '[]') FROM json_populate_recordset(NULL::call_settlement, $4) r) AS same`,
          [intentRows, recordRows, JSON.stringify(someIntents), JSON.stringify(someRecords)],
        );
        expect(rows[0]?.same).toBe(true);
      }),
      { numRuns: 150 },
    );
  });

  it('writes an array without rows so that Postgres reads one', async () => {
    const empty = new RowWriter().rows(types.intent, [], () => undefined);
    const { rows } = await client.query<{ same: boolean }>(`SELECT $1::call_intent[]::text = '{}' AS same`, [empty]);
    expect(rows[0]?.same).toBe(true);
  });

  it('writes a batch that outgrows the first buffer, and the next one after it', async () => {
    const [large] = fc.sample(intents, 1) as [IntentRow];
    const many = Array.from({ length: 300 }, (_, index) => ({ ...large, id: id(), requested_model: `ü${'m'.repeat(index * 3)}` }));
    for (const batch of [many, many.slice(0, 1)]) {
      const [rows] = plainCommit(types, batch, []).values;
      const read = await client.query<{ model: string }>('SELECT requested_model AS model FROM unnest($1::call_intent[])', [rows]);
      expect(read.rows.map(({ model }) => model)).toEqual(batch.map((row) => row.requested_model));
    }
  });

  it.each([2 ** 31, -(2 ** 31), 1.5, Number.NaN])('leaves a count of %s tokens, which no column holds, to the general way', (count) => {
    const [record] = fc.sample(records, 1) as [RecordRow];
    expect(() => plainCommit(types, [], [{ ...record, input_tokens: count }])).toThrow(NotRepresentable);
  });
});
