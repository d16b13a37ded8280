import { isId } from '../../../../kernel/ids.js';
import { textProblem } from '../../../../platform/http/plain-input.js';
import { scimErrors } from '../../scim.errors.js';
import { GROUP_SCHEMA } from './scim-names.js';
import { objectOf, valueOf } from './user-draft.js';

/** What is kept of a group (RFC 7643 §4.2). */
export interface GroupDraft {
  readonly displayName: string;
  readonly externalId: string | null;
  /** Ids of SCIM users, in lower case. */
  readonly members: ReadonlySet<string>;
}

const MAX_TEXT = 256;
const MAX_MEMBERS = 5_000;
const INVISIBLE = /[\p{Cc}\u202A-\u202E\u2066-\u2069\uFEFF]/u;
const READ_ONLY = new Set(['id', 'meta', 'schemas']);

/** The group a whole resource describes. Raises `scim/invalid_*`. */
export function groupOf(resource: unknown): GroupDraft {
  const attributes = objectOf(resource);
  const schemas: unknown = valueOf(attributes, 'schemas');
  if (!Array.isArray(schemas) || !schemas.includes(GROUP_SCHEMA))
    throw scimErrors.invalid_syntax({ message: `schemas: must name ${GROUP_SCHEMA}.` });
  return checkedGroup({
    displayName: nameOf(valueOf(attributes, 'displayName')) ?? '',
    externalId: nameOf(valueOf(attributes, 'externalId')),
    members: memberIds(valueOf(attributes, 'members')),
  });
}

/** Sets one attribute; members are added to those there are, or put in their place. Raises `scim/invalid_value`, `scim/mutability`. */
export function withGroupAttribute(group: GroupDraft, name: string, value: unknown, op: 'add' | 'replace'): GroupDraft {
  if (name === 'displayname') return { ...group, displayName: nameOf(value) ?? '' };
  if (name === 'externalid') return { ...group, externalId: nameOf(value) };
  if (name === 'members') {
    const members = memberIds(value);
    return { ...group, members: op === 'add' ? bounded(new Set([...group.members, ...members])) : members };
  }
  // Okta repeats the id in a patch without path; it may be there, but not be another.
  if (READ_ONLY.has(name)) return group;
  throw scimErrors.invalid_path({ message: 'A group has displayName, externalId and members.' });
}

/** Takes members away: those named, or all. Raises `scim/mutability` for the name. */
export function withoutGroupAttribute(group: GroupDraft, name: string, value: unknown): GroupDraft {
  if (name === 'externalid') return { ...group, externalId: null };
  if (name === 'members') {
    const leaving = value === undefined || value === null ? group.members : memberIds(value);
    return { ...group, members: new Set([...group.members].filter((id) => !leaving.has(id))) };
  }
  if (name === 'displayname') throw scimErrors.mutability({ message: 'A group cannot be without displayName.' });
  throw scimErrors.invalid_path({ message: 'A group has displayName, externalId and members.' });
}

/** The draft, if it is a group. */
export function checkedGroup(group: GroupDraft): GroupDraft {
  if (group.displayName === '') throw scimErrors.invalid_value({ message: 'displayName: must be given.' });
  return group;
}

function nameOf(value: unknown): string | null {
  if (value === null || value === undefined) return null;
  const text = typeof value === 'string' ? value.trim() : undefined;
  if (text === undefined || text.length > MAX_TEXT || textProblem(text) !== undefined || INVISIBLE.test(text))
    throw scimErrors.invalid_value({ message: `displayName, externalId: must be text of at most ${MAX_TEXT} characters.` });
  return text === '' ? null : text;
}

function memberIds(value: unknown): Set<string> {
  if (value === null || value === undefined) return new Set();
  const list = Array.isArray(value) ? value : [value];
  if (list.length > MAX_MEMBERS) throw tooMany();
  return bounded(new Set(list.map(memberId)));
}

function memberId(item: unknown): string {
  const member = objectOf(item);
  const [id, type] = [valueOf(member, 'value'), valueOf(member, 'type')];
  if (type !== undefined && type !== null && !(typeof type === 'string' && type.toLowerCase() === 'user'))
    throw scimErrors.invalid_value({ message: 'members: groups in groups are not supported.' });
  if (!isId(id)) throw scimErrors.invalid_value({ message: 'members: each must name the id of a user in value.' });
  return id.toLowerCase();
}

function bounded(members: Set<string>): Set<string> {
  if (members.size > MAX_MEMBERS) throw tooMany();
  return members;
}

function tooMany(): ReturnType<typeof scimErrors.too_many> {
  return scimErrors.too_many({ message: `A group can have at most ${MAX_MEMBERS} members.` });
}
