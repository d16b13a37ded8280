// Requests nobody would send, made from the OpenAPI document: values of the right shape, of the wrong one, and of the kinds that break parsers.
import fc from 'fast-check';
import type { Operation, Schema } from './surface.js';

export interface FuzzedRequest {
  readonly path: string;
  readonly query: Readonly<Record<string, string>>;
  readonly body: unknown;
}

const NASTY = [
  '',
  ' ',
  '\0',
  'a\0b',
  '\uD800',
  '\uFFFF',
  'a\r\nset-cookie: x=y',
  "' OR '1'='1",
  "'; DROP TABLE account; --",
  '1); SELECT pg_sleep(5) --',
  '${7*7}{{7*7}}<%= 7*7 %>',
  '<script>alert(1)</script>',
  '../../../../etc/passwd',
  '%00%2e%2e%2f',
  'http://169.254.169.254/latest/meta-data/',
  'null',
  'NaN',
  '-1',
  '1e999',
  '9'.repeat(400),
  'x'.repeat(5_000),
  '\u202Eabc\u0301\u0301\u0301',
  'ａｄｍｉｎ',
  '00000000-0000-0000-0000-000000000000',
];

const text: fc.Arbitrary<string> = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom(...NASTY) },
  { weight: 2, arbitrary: fc.string({ unit: 'binary', maxLength: 60 }) },
  { weight: 1, arbitrary: fc.uuid() },
);

/** Anything JSON can say. */
const anything: fc.Arbitrary<unknown> = fc.oneof(
  text,
  fc.double(),
  fc.integer(),
  fc.boolean(),
  fc.constant(null),
  fc.array(text, { maxLength: 4 }),
  fc.jsonValue({ maxDepth: 4 }),
  fc.constantFrom<unknown>(
    { __proto__: null, constructor: { prototype: {} } },
    nested(200),
    Array.from({ length: 2_000 }, () => 1),
  ),
);

function nested(depth: number): unknown {
  let value: unknown = 1;
  for (let level = 0; level < depth; level += 1) value = [value];
  return value;
}

/** A value the schema describes, most of the time. `known` gives real ones by the name of a field. */
function valueOf(schema: Schema, known: Readonly<Record<string, string>>, name: string): fc.Arbitrary<unknown> {
  const given = known[name];
  const proper = given === undefined ? properOf(schema, known) : fc.oneof(fc.constant(given), properOf(schema, known));
  return fc.oneof({ weight: 5, arbitrary: proper }, { weight: 1, arbitrary: anything });
}

function properOf(schema: Schema, known: Readonly<Record<string, string>>): fc.Arbitrary<unknown> {
  if (schema.enum) return fc.constantFrom(...schema.enum);
  switch (schema.type) {
    case 'object':
      return objectOf(schema, known);
    case 'array':
      return fc.array(valueOf(schema.items ?? {}, known, ''), { maxLength: 3 });
    case 'integer':
      return fc.oneof(fc.integer({ min: 0, max: 1_000 }), fc.integer(), fc.constantFrom(2 ** 31, 2 ** 53, -1, 0));
    case 'number':
      return fc.double();
    case 'boolean':
      return fc.boolean();
    default:
      return fc.oneof(
        ...(schema.example === undefined ? [] : [fc.constant(schema.example)]),
        fc.string({ maxLength: 30 }),
        text,
        ...(schema.format === 'date-time' ? [fc.date().map((date) => (Number.isNaN(date.getTime()) ? 'never' : date.toISOString()))] : []),
      );
  }
}

function objectOf(schema: Schema, known: Readonly<Record<string, string>>): fc.Arbitrary<unknown> {
  const properties = Object.entries(schema.properties ?? {});
  const record = fc.record(Object.fromEntries(properties.map(([name, part]) => [name, valueOf(part, known, name)])), { requiredKeys: [] });
  const whole = fc.record(Object.fromEntries(properties.map(([name, part]) => [name, valueOf(part, known, name)])));
  return fc.oneof(
    { weight: 6, arbitrary: whole },
    { weight: 3, arbitrary: record },
    { weight: 1, arbitrary: fc.tuple(record, text, anything).map(([fields, name, value]) => ({ ...fields, [name]: value })) },
  );
}

/** Requests to an operation. Real ids go into its address more often than not, or no request would get past it. */
export function requestsTo(operation: Operation, known: Readonly<Record<string, string>>): fc.Arbitrary<FuzzedRequest> {
  const place = (name: string): fc.Arbitrary<string> =>
    fc.oneof(
      { weight: 5, arbitrary: fc.constant(known[name] ?? '00000000-0000-7000-8000-000000000000') },
      { weight: 1, arbitrary: fc.uuid() },
      { weight: 1, arbitrary: text.map((value) => encodeURIComponent(value.toWellFormed()) || '%20') },
    );
  const places = fc.record(Object.fromEntries(operation.pathParameters.map((name) => [name, place(name)])));
  const queries = operation.queryParameters.map(({ name, schema }) => [name, valueOf(schema ?? {}, known, name).map(spelt)] as const);
  return fc
    .record({
      places,
      query: fc.record(Object.fromEntries(queries), { requiredKeys: [] }),
      body: operation.body
        ? fc.oneof({ weight: 9, arbitrary: objectOf(operation.body, known) }, { weight: 1, arbitrary: anything })
        : fc.constant(undefined),
    })
    .map((made) => ({
      path: operation.path.replace(/\{(\w+)\}/g, (_, name: string) => made.places[name] ?? ''),
      query: made.query as Readonly<Record<string, string>>,
      body: made.body,
    }));
}

function spelt(value: unknown): string {
  return (typeof value === 'string' ? value : (JSON.stringify(value) ?? '')).toWellFormed();
}
