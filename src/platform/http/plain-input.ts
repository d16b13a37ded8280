import type { FieldError } from '../../kernel/errors.js';

/** How deep an object may nest. Deeper input would overflow the stack of what copies and validates it. */
const MAX_DEPTH = 16;
/** Values in one input: arrays of a control-plane request are short. */
const MAX_VALUES = 20_000;
const MAX_ERRORS = 20;
const MAX_FIELD_LENGTH = 200;

/**
 * What is wrong with untyped input before any class is built from it: nesting that is too deep, and text that Postgres
 * cannot store or that JSON cannot carry unchanged (NUL, lone surrogates). Iterative, so no input can exhaust the stack.
 */
export function findUnsafeInput(input: unknown): FieldError[] {
  const errors: FieldError[] = [];
  const queue: { value: unknown; path: string; depth: number }[] = [{ value: input, path: '', depth: 0 }];
  let values = 0;
  for (let next = queue.pop(); next !== undefined && errors.length < MAX_ERRORS; next = queue.pop()) {
    const { value, path, depth } = next;
    values += 1;
    if (values > MAX_VALUES) return [{ field: 'body', message: `must hold at most ${MAX_VALUES} values` }];
    if (typeof value === 'string') {
      const problem = textProblem(value);
      if (problem !== undefined) errors.push({ field: fieldName(path), message: problem });
    } else if (typeof value === 'object' && value !== null) {
      if (depth >= MAX_DEPTH) return [{ field: fieldName(path), message: `must not nest deeper than ${MAX_DEPTH} levels` }];
      for (const [key, child] of Object.entries(value)) {
        if (textProblem(key) !== undefined)
          errors.push({ field: fieldName(path), message: 'must not have names with NUL or lone surrogates' });
        queue.push({ value: child, path: fieldPath(path, key, Array.isArray(value)), depth: depth + 1 });
      }
    }
  }
  return errors;
}

/** What makes `text` impossible to store, if anything does. */
export function textProblem(text: string): string | undefined {
  if (text.includes('\u0000')) return 'must not contain NUL characters';
  return text.isWellFormed() ? undefined : 'must be well-formed Unicode, without lone surrogates';
}

/** `targets[0].credentialId`. */
export function fieldPath(parent: string, name: string, inArray: boolean): string {
  if (inArray) return `${parent}[${name}]`;
  return parent === '' ? name : `${parent}.${name}`;
}

/** A field's path as an answer may show it: names come from the caller, so control characters go and the length is bounded. */
export function fieldName(path: string): string {
  const clean = path.toWellFormed().replace(/\p{Cc}/gu, '\uFFFD');
  return (clean.length > MAX_FIELD_LENGTH ? `${clean.slice(0, MAX_FIELD_LENGTH)}…`.toWellFormed() : clean) || 'body';
}
