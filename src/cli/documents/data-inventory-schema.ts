import { WINDOWED_CLASSES } from '../../contracts/data-classes.js';
import { LEGAL_BASES, PURPOSES } from '../../contracts/processing.js';

/** A part of a JSON Schema, draft 07. */
type Part = Readonly<Record<string, unknown>>;

const TEXT: Part = { type: 'string', minLength: 1 };
const DURATION: Part = { type: 'string', pattern: '^P(?=\\d|T\\d)(\\d+D)?(T(?=\\d)(\\d+H)?(\\d+M)?)?$' };

function oneOf(values: readonly string[]): Part {
  return { enum: values };
}

function textBy(names: readonly string[]): Part {
  return object(Object.fromEntries(names.map((name) => [name, TEXT])));
}

/** An object with these properties and no others; those after `optional` may be missing. */
function object(required: Readonly<Record<string, Part>>, optional: Readonly<Record<string, Part>> = {}): Part {
  return { type: 'object', additionalProperties: false, required: Object.keys(required), properties: { ...required, ...optional } };
}

function list(items: Part, more: Part = {}): Part {
  return { type: 'array', items, ...more };
}

/** A rule of one of these kinds, each with the fields it has; a field that ends in `?` may be missing. */
function rule(kinds: Readonly<Record<string, Readonly<Record<string, Part>>>>): Part {
  const variants = Object.entries(kinds).map(([kind, fields]) => {
    const entries = Object.entries(fields);
    const required = entries.filter(([name]) => !name.endsWith('?'));
    const optional = entries.filter(([name]) => name.endsWith('?')).map(([name, part]) => [name.slice(0, -1), part] as const);
    return object({ kind: { const: kind }, ...Object.fromEntries(required) }, Object.fromEntries(optional));
  });
  return { oneOf: variants };
}

const DATA_CLASS = oneOf([...WINDOWED_CLASSES, 'configuration', 'operational']);
const HOLDS = oneOf(['identifier', 'personal', 'secret', 'tenant_data', 'technical']);
const SUBJECT = oneOf(['organisation', 'operator_staff', 'account_holder', 'end_user', 'none']);
const PURPOSE = oneOf(Object.keys(PURPOSES));
const LEGAL_BASIS: Part = { enum: [...Object.keys(LEGAL_BASES), null] };
const TEXT_BY_NAME: Part = { type: 'object', additionalProperties: TEXT };
const KEPT: Readonly<Record<string, Part>> = { keep: oneOf(['legal_obligation', 'legal_claims']), reason: TEXT };

const TABLE = object({
  table: TEXT,
  description: TEXT,
  dataClass: DATA_CLASS,
  purpose: PURPOSE,
  legalBasis: LEGAL_BASIS,
  subject: SUBJECT,
  located: object(
    {
      ways: list(
        object(
          { subject: SUBJECT, column: TEXT, by: oneOf(['id', 'email', 'email_hash', 'name_hash']) },
          { via: TEXT, where: object({ column: TEXT, is: TEXT }), erasure: oneOf(['unlink', 'expires']) },
        ),
      ),
    },
    { nowhere: TEXT },
  ),
  retention: rule({
    partition_by_expiry: { column: TEXT, 'within?': DURATION },
    window: { from: TEXT },
    subject: {},
    with_owner: { owner: TEXT, column: TEXT, goes: oneOf(['cascade', 'first', 'after']) },
    transient: { from: TEXT, within: DURATION },
    unused: {},
    installation: { reason: TEXT },
  }),
  export: rule({
    section: { section: TEXT, 'names?': TEXT_BY_NAME, 'without?': TEXT_BY_NAME },
    withheld: { withheld: TEXT },
    not_personal: {},
    secret_never_exported: {},
  }),
  erasure: rule({
    delete: {},
    expires: {},
    with_organisation: {},
    not_personal: {},
    anonymise: { anonymise: { type: 'object', additionalProperties: oneOf(['null', 'empty', 'pseudonym']) } },
    shredKeyIn: { shredKeyIn: TEXT },
    keep: KEPT,
  }),
  tenantPolicy: rule({ row_level_security: { column: TEXT }, system_only: {} }),
  columns: list(object({ name: TEXT, holds: HOLDS, dataClass: DATA_CLASS, exportedAs: { type: ['string', 'null'] } }, { since: TEXT }), {
    minItems: 1,
  }),
});

const STORE = object({
  store: TEXT,
  description: TEXT,
  place: rule({
    redis: { prefix: TEXT },
    blob: { prefix: TEXT },
    files: { path: TEXT },
    server: { product: TEXT },
    telemetry: { to: TEXT },
    outside: { recipient: TEXT },
  }),
  settings: list(TEXT),
  dataClasses: list(DATA_CLASS, { minItems: 1 }),
  purpose: PURPOSE,
  legalBasis: LEGAL_BASIS,
  subject: SUBJECT,
  located: { type: ['string', 'null'] },
  retention: rule({
    transient: { within: DURATION },
    window: {},
    follows: { what: TEXT },
    operator: { advice: TEXT },
    recipient: { terms: TEXT },
    installation: { reason: TEXT },
  }),
  export: rule({ not_personal: {}, elsewhere: {}, section: { section: TEXT }, withheld: { withheld: TEXT } }),
  erasure: rule({
    delete: {},
    expires: {},
    follows: {},
    not_personal: {},
    shredKeyIn: { shredKeyIn: TEXT },
    ask: { ask: TEXT },
    keep: KEPT,
  }),
  holds: list(object({ name: TEXT, holds: HOLDS }), { minItems: 1 }),
});

/** `docs/data-inventory.schema.json`: what `data-inventory.json` may say. Its lists are those of the code. */
export const DATA_INVENTORY_SCHEMA: Part = {
  $schema: 'http://json-schema.org/draft-07/schema#',
  title: 'The data inventory of Lethe',
  description: 'Every table and store, what it holds about whom, why, for how long, and how it is exported and erased.',
  ...object({
    windowedClasses: list(DATA_CLASS),
    purposes: textBy(Object.keys(PURPOSES)),
    legalBases: textBy(Object.keys(LEGAL_BASES)),
    tables: list(TABLE),
    stores: list(STORE),
  }),
};
