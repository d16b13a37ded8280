import { scimErrors } from '../../scim.errors.js';
import { textProblem } from '../../../../platform/http/plain-input.js';
import { ENTERPRISE_SCHEMA, USER_SCHEMA } from './scim-names.js';

/** What is kept of a user a directory tells of: nothing else of what it sends is (RFC 7643 §4.1). */
export interface UserDraft {
  readonly userName: string;
  readonly externalId: string | null;
  readonly formattedName: string | null;
  readonly givenName: string | null;
  readonly familyName: string | null;
  /** As written; null: the user name is the address. */
  readonly email: string | null;
  readonly active: boolean;
}

const NEW_USER: UserDraft = {
  userName: '',
  externalId: null,
  formattedName: null,
  givenName: null,
  familyName: null,
  email: null,
  active: true,
};

const MAX_TEXT = 256;
const INVISIBLE = /[\p{Cc}\u202A-\u202E\u2066-\u2069\uFEFF]/u;

type TextAttribute = 'userName' | 'externalId' | 'formattedName' | 'givenName' | 'familyName';
const TEXTS: Readonly<Record<string, TextAttribute>> = {
  username: 'userName',
  externalid: 'externalId',
  'name.formatted': 'formattedName',
  'name.givenname': 'givenName',
  'name.familyname': 'familyName',
};
/** Ours to say, not the directory's. */
const READ_ONLY = new Set(['id', 'meta', 'groups']);

/** Sets one attribute; `path` in lower case, as `name.familyname`. What is not kept changes nothing. Raises `scim/invalid_value`, `scim/mutability`. */
export function withAttribute(draft: UserDraft, path: string, value: unknown): UserDraft {
  if (READ_ONLY.has(path)) throw scimErrors.mutability({ message: 'The attributes id, meta and groups are read-only.' });
  const text = Object.hasOwn(TEXTS, path) ? TEXTS[path] : undefined;
  if (text !== undefined) return { ...draft, [text]: textOf(value, path) };
  if (path === 'active') return { ...draft, active: booleanOf(value) };
  if (path === 'name') return withParts(draft, 'name', value);
  if (path === 'emails') return { ...draft, email: chosenEmail(value) };
  return draft;
}

/** Takes one attribute away. Raises `scim/mutability` for one that every user has. */
export function withoutAttribute(draft: UserDraft, path: string): UserDraft {
  if (path === 'username' || path === 'active') throw scimErrors.mutability({ message: 'A user cannot be without userName and active.' });
  if (path === 'name') return { ...draft, formattedName: null, givenName: null, familyName: null };
  if (path === 'emails' || path === 'emails.value') return { ...draft, email: null };
  return withAttribute(draft, path, null);
}

/** The user a whole resource describes: a POST, or a PUT, which leaves nothing of what was there. Raises `scim/invalid_*`. */
export function userOf(resource: unknown): UserDraft {
  const attributes = objectOf(resource);
  const schemas: unknown = valueOf(attributes, 'schemas');
  if (!Array.isArray(schemas) || !schemas.includes(USER_SCHEMA))
    throw scimErrors.invalid_syntax({ message: `schemas: must name ${USER_SCHEMA}.` });
  return checkedUser(
    Object.entries(attributes)
      .filter(([name]) => !READ_ONLY.has(name.toLowerCase()))
      .reduce((draft, [name, value]) => withAttribute(draft, withoutSchema(name), value), NEW_USER),
  );
}

/** Several attributes at once, as a patch without a path has them. */
export function withParts(draft: UserDraft, prefix: string, value: unknown): UserDraft {
  if (value === null && prefix === 'name') return withoutAttribute(draft, 'name');
  const under = prefix === '' ? '' : `${prefix}.`;
  return Object.entries(objectOf(value)).reduce((next, [name, part]) => withAttribute(next, `${under}${withoutSchema(name)}`, part), draft);
}

/** The draft, if it is a user. */
export function checkedUser(draft: UserDraft): UserDraft {
  if (draft.userName === '') throw scimErrors.invalid_value({ message: 'userName: must be given.' });
  return draft;
}

/** An attribute's name without the schema that Entra ID writes before it, in lower case. */
export function withoutSchema(name: string): string {
  const lower = name.toLowerCase();
  if (lower.startsWith(`${ENTERPRISE_SCHEMA.toLowerCase()}`)) return 'enterprise';
  const prefix = `${USER_SCHEMA.toLowerCase()}:`;
  return lower.startsWith(prefix) ? lower.slice(prefix.length) : lower;
}

function textOf(value: unknown, path: string): string | null {
  if (value === null || value === undefined) return path === 'username' ? '' : null;
  if (typeof value !== 'string') throw scimErrors.invalid_value({ message: `${path}: must be a text.` });
  const text = value.trim();
  if (text.length > MAX_TEXT || textProblem(text) !== undefined || INVISIBLE.test(text))
    throw scimErrors.invalid_value({ message: `${path}: must be text of at most ${MAX_TEXT} characters without control characters.` });
  return text === '' && path !== 'username' ? null : text;
}

/** Entra ID sends booleans as text, `"False"`. */
function booleanOf(value: unknown): boolean {
  if (typeof value === 'boolean') return value;
  const text = typeof value === 'string' ? value.toLowerCase() : '';
  if (text !== 'true' && text !== 'false') throw scimErrors.invalid_value({ message: 'active: must be true or false.' });
  return text === 'true';
}

/** One address is kept: the primary one, or the one at work, or the first. */
function chosenEmail(value: unknown): string | null {
  if (value === null || value === undefined) return null;
  const list = (Array.isArray(value) ? value : [value]).map((item) => (typeof item === 'string' ? { value: item } : objectOf(item)));
  const chosen = list.find((item) => valueOf(item, 'primary') === true) ?? list.find((item) => valueOf(item, 'type') === 'work') ?? list[0];
  return chosen === undefined ? null : textOf(valueOf(chosen, 'value'), 'emails.value');
}

/** Names of attributes are compared without regard to case. */
export function valueOf(object: Readonly<Record<string, unknown>>, name: string): unknown {
  const wanted = name.toLowerCase();
  const found = Object.keys(object).find((key) => key.toLowerCase() === wanted);
  return found === undefined ? undefined : object[found];
}

export function objectOf(value: unknown): Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw scimErrors.invalid_syntax({ message: 'The body, or a part of it, must be an object.' });
  return value as Readonly<Record<string, unknown>>;
}
