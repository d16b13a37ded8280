import { serialiseError } from './error-serialiser.js';
import { isErrorCode, isStructure, isUuid, isWord, WITHHELD } from './safe-values.js';

/** What a field may hold. Anything else is written as `[withheld]`. */
type FieldKind = 'id' | 'word' | 'words' | 'code' | 'number' | 'flag' | 'structure' | 'error';

/**
 * Every field a log line may have. The list is closed: content has no field to go to (C1), nor has a key (K2). A new
 * field is added here, with the narrowest kind that fits, and never holds what a client sent.
 */
const LOG_FIELDS = {
  requestId: 'id',
  callId: 'id',
  organisationId: 'id',
  projectId: 'id',
  keyId: 'id',
  operatorId: 'id',
  routeId: 'id',
  credentialId: 'id',
  providerId: 'id',
  budgetId: 'id',
  instanceId: 'id',
  backupId: 'id',
  jobId: 'word',
  component: 'word',
  /** HTTP method. */
  method: 'word',
  /** The route's pattern (`/api/v1/projects/:id`), never the address that was asked for. */
  route: 'word',
  status: 'number',
  code: 'code',
  reason: 'word',
  outcome: 'word',
  provider: 'word',
  model: 'word',
  host: 'word',
  port: 'number',
  roles: 'words',
  setting: 'word',
  settings: 'words',
  version: 'word',
  signal: 'word',
  pid: 'number',
  queue: 'word',
  job: 'word',
  topic: 'word',
  table: 'word',
  partition: 'word',
  /** Of the data inventory. */
  store: 'word',
  migration: 'word',
  /** Of a file Lethe wrote itself. */
  file: 'word',
  mailId: 'id',
  webhookId: 'id',
  backend: 'word',
  mode: 'word',
  state: 'word',
  attempt: 'number',
  attempts: 'number',
  count: 'number',
  rows: 'number',
  bytes: 'number',
  limit: 'number',
  durationMs: 'number',
  delayMs: 'number',
  ageMs: 'number',
  timeoutMs: 'number',
  exitCode: 'number',
  degraded: 'flag',
  enabled: 'flag',
  /** A start-up message of Nest, already checked by `nest-logger.ts`. */
  nestMessage: 'structure',
  err: 'error',
} as const satisfies Record<string, FieldKind>;

interface ValueOf {
  id: string | null;
  word: string | null;
  words: readonly string[];
  code: string | null;
  number: number | null;
  flag: boolean;
  structure: string;
  error: unknown;
}

/** The fields of one log line, all optional. */
export type LogFields = { readonly [Name in keyof typeof LOG_FIELDS]?: ValueOf[(typeof LOG_FIELDS)[Name]] };

/** Field → kind, for the inventory. */
export const LOG_FIELD_KINDS: ReadonlyMap<string, FieldKind> = new Map(Object.entries(LOG_FIELDS));

/** The fields of `fields` that a log line may carry, each in the shape its kind allows; unknown ones are gone. */
export function keepAllowedFields(fields: object): Record<string, unknown> {
  const kept: Record<string, unknown> = {};
  for (const name of Object.keys(fields)) {
    const kind = LOG_FIELD_KINDS.get(name);
    if (kind === undefined) continue;
    const value: unknown = Reflect.get(fields, name);
    if (value !== undefined) kept[name] = value === null ? null : keepValue(kind, value);
  }
  return kept;
}

function keepValue(kind: FieldKind, value: unknown): unknown {
  switch (kind) {
    case 'id':
      return isUuid(value) ? value : WITHHELD;
    case 'word':
      return isWord(value) ? value : WITHHELD;
    case 'words':
      return Array.isArray(value) ? value.slice(0, 50).map((item) => (isWord(item) ? item : WITHHELD)) : WITHHELD;
    case 'code':
      return isErrorCode(value) ? value : WITHHELD;
    case 'number':
      return typeof value === 'number' && Number.isFinite(value) ? value : WITHHELD;
    case 'flag':
      return typeof value === 'boolean' ? value : WITHHELD;
    case 'structure':
      return isStructure(value) ? value : WITHHELD;
    case 'error':
      return serialiseError(value);
  }
}
