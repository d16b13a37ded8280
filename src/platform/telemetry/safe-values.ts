/** Shapes of well-known secrets: a value that looks like one is withheld even from a field that may carry words. */
const SECRET = /(?:^|[^a-z])(?:sk|rk|pk)[-_][\w-]{8}|AKIA[0-9A-Z]{12}|AIza[\w-]{20}|gh[pousr]_\w{20}|eyJ[\w-]{10,}\.|-----BEGIN|bearer\s/i;

const WORD = /^[\w.:/@*+-]{1,128}$/;
const IDENTIFIER = /^[A-Za-z_][A-Za-z0-9_]{0,63}$/;
const ERROR_CODE = /^(?:[A-Z][A-Z0-9_]{1,63}|[0-9A-Z]{5}|[a-z_]{1,32}\/[a-z_]{1,64})$/;
const STRUCTURE = /^[\w {},:/.*()@-]{1,200}$/;
const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** Stands where a value was refused, so that the gap is seen. */
export const WITHHELD = '[withheld]';

/** Whether `value` is a short name without spaces: a model, a host, a topic. Prose and known secrets are not. */
export function isWord(value: unknown): value is string {
  return typeof value === 'string' && WORD.test(value) && !SECRET.test(value);
}

/** Whether `value` reads like the name of a class or a function. */
export function isIdentifier(value: unknown): value is string {
  return typeof value === 'string' && IDENTIFIER.test(value) && !SECRET.test(value);
}

/** Whether `value` is an error code of Node (`ECONNREFUSED`), of Postgres (SQLSTATE) or of Lethe (`keys/revoked`). */
export function isErrorCode(value: unknown): value is string {
  return typeof value === 'string' && ERROR_CODE.test(value) && !SECRET.test(value);
}

/** Whether `value` is a UUID in its text form. */
export function isUuid(value: unknown): value is string {
  return typeof value === 'string' && UUID.test(value);
}

/** Whether `value` can be a framework's sentence about classes and routes: no quotes, no punctuation of prose or JSON. */
export function isStructure(value: unknown): value is string {
  return typeof value === 'string' && STRUCTURE.test(value) && !SECRET.test(value);
}
