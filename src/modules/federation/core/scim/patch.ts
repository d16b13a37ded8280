import { scimErrors } from '../../scim.errors.js';
import { type Comparison, type Filter, parseFilter } from './filter.js';
import { checkedGroup, type GroupDraft, withGroupAttribute, withoutGroupAttribute } from './group-draft.js';
import { GROUP_SCHEMA, PATCH_MESSAGE } from './scim-names.js';
import { checkedUser, objectOf, type UserDraft, valueOf, withAttribute, withoutAttribute, withoutSchema, withParts } from './user-draft.js';

const OPS = ['add', 'replace', 'remove'] as const;
const MAX_OPERATIONS = 1_000;
const MAX_PATH = 512;
/** `emails`, `name.familyName`, `emails[type eq "work"].value`, each possibly with its schema before it. */
const PATH = /^(?<attribute>[A-Za-z][\w$:.-]*?)(?:\[(?<filter>.*)\](?:\.(?<part>[A-Za-z]\w*))?)?$/s;
/** An attribute a user has in the core schema or in the enterprise extension; the text of RFC 7643 §4.1, in lower case. */
const KNOWN_USER: ReadonlySet<string> = new Set(
  (
    'schemas id externalid meta groups username name displayname nickname profileurl title usertype preferredlanguage locale timezone active ' +
    'password emails phonenumbers ims photos addresses entitlements roles x509certificates enterprise'
  ).split(' '),
);

interface Path {
  /** In lower case, without its schema. */
  readonly attribute: string;
  readonly filter: Filter | null;
  readonly part: string | null;
}

interface Operation {
  readonly op: (typeof OPS)[number];
  readonly path: Path | null;
  readonly value: unknown;
}

/** Applies the operations of a PATCH (RFC 7644 §3.5.2) one after the other; either all of them or, by what it raises, none. */
export function patchUser(user: UserDraft, body: unknown): UserDraft {
  return checkedUser(operationsOf(body).reduce(applyToUser, user));
}

/** The same for a group. */
export function patchGroup(group: GroupDraft, body: unknown): GroupDraft {
  return checkedGroup(operationsOf(body).reduce(applyToGroup, group));
}

function applyToUser(user: UserDraft, { op, path, value }: Operation): UserDraft {
  if (path === null) {
    if (op === 'remove') throw scimErrors.no_target({ message: 'remove: must have a path.' });
    return Object.entries(objectOf(value)).reduce((next, [name, part]) => {
      // Without a path Entra ID writes whole paths as names.
      const target = pathOf(name);
      return ['id', 'schemas', 'meta'].includes(target.attribute) ? next : setOnUser(next, target, part);
    }, user);
  }
  return op === 'remove' ? removeFromUser(user, path) : setOnUser(user, path, value);
}

function setOnUser(user: UserDraft, path: Path, value: unknown): UserDraft {
  checkKnown(path);
  if (path.filter === null) return path.attribute === 'name' ? withParts(user, 'name', value) : withAttribute(user, path.attribute, value);
  if (path.attribute !== 'emails' || !selectsKept(path.filter, user)) return user;
  const address = path.part === null ? valueOf(objectOf(value), 'value') : path.part === 'value' ? value : undefined;
  return address === undefined ? user : withAttribute(user, 'emails', [{ value: address }]);
}

function removeFromUser(user: UserDraft, path: Path): UserDraft {
  checkKnown(path);
  if (path.filter === null) return withoutAttribute(user, path.attribute);
  const isAddress = path.attribute === 'emails' && (path.part === null || path.part === 'value');
  return isAddress && selectsKept(path.filter, user) ? { ...user, email: null } : user;
}

function checkKnown({ attribute }: Path): void {
  if (!KNOWN_USER.has(attribute.split('.')[0] ?? '')) throw scimErrors.invalid_path({ message: 'A user has no attribute of this name.' });
}

/** Whether a condition on e-mail addresses means the one that is kept, which counts as the primary one and the one at work. */
function selectsKept(filter: Filter, user: UserDraft): boolean {
  if (filter.kind !== 'comparison') {
    const [left, right] = [selectsKept(filter.left, user), selectsKept(filter.right, user)];
    return filter.kind === 'and' ? left && right : left || right;
  }
  return matchesKept(filter, user);
}

function matchesKept({ attribute, operator, value }: Comparison, user: UserDraft): boolean {
  const kept = { type: 'work', primary: 'true', value: user.email ?? '' }[attribute];
  if (kept === undefined) throw scimErrors.invalid_filter({ message: 'E-mail addresses are chosen by type, primary and value.' });
  const [left, right] = [kept.toLowerCase(), String(value).toLowerCase()];
  return operator === 'eq' ? left === right : operator === 'sw' ? left.startsWith(right) : left.includes(right);
}

function applyToGroup(group: GroupDraft, { op, path, value }: Operation): GroupDraft {
  if (path === null) {
    if (op === 'remove') throw scimErrors.no_target({ message: 'remove: must have a path.' });
    return Object.entries(objectOf(value)).reduce(
      (next, [name, part]) => withGroupAttribute(next, groupAttribute(pathOf(name)), part, op),
      group,
    );
  }
  const attribute = groupAttribute(path);
  if (path.filter !== null) return withoutSelected(group, op, path);
  return op === 'remove' ? withoutGroupAttribute(group, attribute, value) : withGroupAttribute(group, attribute, value, op);
}

/** `remove members[value eq "…"]`: the way most directories take one member away. */
function withoutSelected(group: GroupDraft, op: Operation['op'], { attribute, filter, part }: Path): GroupDraft {
  const byId = filter?.kind === 'comparison' && filter.attribute === 'value' && filter.operator === 'eq' ? filter.value : undefined;
  if (op !== 'remove' || attribute !== 'members' || part !== null || typeof byId !== 'string')
    throw scimErrors.invalid_path({ message: 'Of a group, only remove members[value eq "…"] takes a condition.' });
  const id = byId.toLowerCase();
  return { ...group, members: new Set([...group.members].filter((member) => member !== id)) };
}

function groupAttribute({ attribute }: Path): string {
  const prefix = `${GROUP_SCHEMA.toLowerCase()}:`;
  return attribute.startsWith(prefix) ? attribute.slice(prefix.length) : attribute;
}

function operationsOf(body: unknown): Operation[] {
  const message = objectOf(body);
  const schemas: unknown = valueOf(message, 'schemas');
  if (!Array.isArray(schemas) || !schemas.includes(PATCH_MESSAGE))
    throw scimErrors.invalid_syntax({ message: `schemas: must name ${PATCH_MESSAGE}.` });
  const operations: unknown = valueOf(message, 'Operations');
  if (!Array.isArray(operations) || operations.length === 0)
    throw scimErrors.invalid_syntax({ message: 'Operations: must be a list with at least one operation.' });
  if (operations.length > MAX_OPERATIONS) throw scimErrors.too_many({ message: `Operations: must be at most ${MAX_OPERATIONS}.` });
  return operations.map(operationOf);
}

function operationOf(item: unknown): Operation {
  const operation = objectOf(item);
  // Entra ID writes the names of operations with a capital.
  const name: unknown = valueOf(operation, 'op');
  const op = typeof name === 'string' ? OPS.find((known) => known === name.toLowerCase()) : undefined;
  if (op === undefined) throw scimErrors.invalid_syntax({ message: 'op: must be add, replace or remove.' });
  const path: unknown = valueOf(operation, 'path');
  const value: unknown = valueOf(operation, 'value');
  if (op !== 'remove' && value === undefined) throw scimErrors.invalid_value({ message: 'value: must be given.' });
  return { op, path: path === undefined || path === null ? null : pathOf(path), value };
}

function pathOf(text: unknown): Path {
  const groups = typeof text === 'string' && text.length <= MAX_PATH ? PATH.exec(text.trim())?.groups : undefined;
  if (groups?.attribute === undefined) throw scimErrors.invalid_path();
  const { attribute, filter, part } = groups;
  return {
    attribute: withoutSchema(attribute),
    filter: filter === undefined ? null : parseFilter(filter),
    part: part?.toLowerCase() ?? null,
  };
}
