import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AppError } from '../../../../kernel/errors.js';
import { type GroupDraft, groupOf } from './group-draft.js';
import { patchGroup, patchUser } from './patch.js';
import { GROUP_SCHEMA, PATCH_MESSAGE, USER_SCHEMA } from './scim-names.js';
import { type UserDraft, userOf } from './user-draft.js';

const [A, B] = ['01890a5d-ac96-774b-bcce-b302099a8057', '01890a5d-ac96-774b-bcce-b302099a8058'];
const ADA: UserDraft = {
  userName: 'ada@example.test',
  externalId: 'e-1',
  formattedName: null,
  givenName: 'Ada',
  familyName: 'Lovelace',
  email: 'ada@example.test',
  active: true,
};
const GROUP: GroupDraft = { displayName: 'Engineers', externalId: null, members: new Set([A]) };

const patched = (...operations: unknown[]): UserDraft => patchUser(ADA, { schemas: [PATCH_MESSAGE], Operations: operations });
const patchedGroup = (...operations: unknown[]): unknown => {
  const { members, ...rest } = patchGroup(GROUP, { schemas: [PATCH_MESSAGE], Operations: operations });
  return { ...rest, members: [...members] };
};

function codeOf(act: () => unknown): string {
  try {
    act();
  } catch (error) {
    if (error instanceof AppError) return error.code;
    throw error;
  }
  return 'accepted';
}

describe('a user as a directory writes it', () => {
  it('keeps userName, name, one address, active and externalId, and nothing else', () => {
    const user = userOf({
      schemas: [USER_SCHEMA, 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User'],
      userName: 'ada@example.test',
      externalId: 'e-1',
      name: { givenName: 'Ada', familyName: 'Lovelace', honorificPrefix: 'Countess' },
      displayName: 'Ada L.',
      emails: [
        { type: 'home', value: 'private@home.test' },
        { type: 'work', value: 'ada@example.test', primary: true },
      ],
      active: 'True',
      password: 'never kept',
      phoneNumbers: [{ value: '+1' }],
      'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User': { department: 'Engines' },
    });
    expect(user).toEqual(ADA);
  });

  it.each([
    ['no object', []],
    ['no schemas', { userName: 'a' }],
    ['another schema', { schemas: [GROUP_SCHEMA], userName: 'a' }],
    ['no userName', { schemas: [USER_SCHEMA] }],
    ['an empty userName', { schemas: [USER_SCHEMA], userName: '  ' }],
    ['a userName that is no text', { schemas: [USER_SCHEMA], userName: { $gt: '' } }],
    ['a userName without end', { schemas: [USER_SCHEMA], userName: 'x'.repeat(257) }],
    ['text that reorders text', { schemas: [USER_SCHEMA], userName: 'a\u202eb' }],
    ['NUL', { schemas: [USER_SCHEMA], userName: 'a\u0000b' }],
    ['a lone surrogate', { schemas: [USER_SCHEMA], userName: 'a\ud800' }],
    ['active that is neither', { schemas: [USER_SCHEMA], userName: 'a', active: 'maybe' }],
    ['a name that is a list', { schemas: [USER_SCHEMA], userName: 'a', name: ['x'] }],
    ['an address that is a number', { schemas: [USER_SCHEMA], userName: 'a', emails: [{ value: 1 }] }],
  ])('is refused with %s', (_what, resource) => expect(codeOf(() => userOf(resource))).toMatch(/^scim\/invalid_/));
});

describe('a patch of a user', () => {
  it.each([
    ['as Okta deactivates', [{ op: 'replace', value: { active: false } }], { active: false }],
    ['as Entra ID deactivates', [{ op: 'Replace', path: 'active', value: 'False' }], { active: false }],
    [
      'as Entra ID renames',
      [{ op: 'Replace', value: { 'name.familyName': 'King', 'urn:ietf:params:scim:schemas:core:2.0:User:name.givenName': 'A.' } }],
      { familyName: 'King', givenName: 'A.' },
    ],
    [
      'as Entra ID changes an address',
      [{ op: 'Add', path: 'emails[type eq "work"].value', value: 'a@example.test' }],
      { email: 'a@example.test' },
    ],
    [
      'an address by a condition with two parts',
      [{ op: 'replace', path: 'emails[type eq "work" and primary eq true]', value: { value: 'a@x.test' } }],
      { email: 'a@x.test' },
    ],
    ['an address that is not kept', [{ op: 'replace', path: 'emails[type eq "home"].value', value: 'h@x.test' }], {}],
    ['a whole list of addresses', [{ op: 'replace', path: 'emails', value: [{ value: 'b@x.test' }] }], { email: 'b@x.test' }],
    ['with its schema before it', [{ op: 'replace', path: `${USER_SCHEMA}:userName`, value: 'x' }], { userName: 'x' }],
    ['removing a name', [{ op: 'remove', path: 'name' }], { givenName: null, familyName: null }],
    ['removing an address', [{ op: 'remove', path: 'emails[type eq "work"]' }], { email: null }],
    ['removing an external id', [{ op: 'remove', path: 'externalId' }], { externalId: null }],
    ['what directories send and nobody keeps', [{ op: 'add', path: 'title', value: 'Countess' }], {}],
    [
      'of the enterprise extension',
      [{ op: 'add', path: 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department', value: 'x' }],
      {},
    ],
    [
      'one after the other',
      [
        { op: 'replace', path: 'userName', value: 'x' },
        { op: 'replace', path: 'userName', value: 'y' },
      ],
      { userName: 'y' },
    ],
  ])('%s', (_what, operations, change) => expect(patched(...operations)).toEqual({ ...ADA, ...change }));

  it.each([
    ['no operations', { schemas: [PATCH_MESSAGE], Operations: [] }, 'scim/invalid_syntax'],
    ['operations that are none', { schemas: [PATCH_MESSAGE], Operations: 'x' }, 'scim/invalid_syntax'],
    ['no message of its kind', { Operations: [{ op: 'add', path: 'active', value: true }] }, 'scim/invalid_syntax'],
    [
      '1001 operations',
      { schemas: [PATCH_MESSAGE], Operations: Array(1_001).fill({ op: 'add', path: 'active', value: true }) },
      'scim/too_many',
    ],
  ])('is refused with %s', (_what, body, code) => expect(codeOf(() => patchUser(ADA, body))).toBe(code));

  it.each([
    ['another op', { op: 'move', path: 'active', value: true }, 'scim/invalid_syntax'],
    ['no op', { path: 'active', value: true }, 'scim/invalid_syntax'],
    ['no value', { op: 'replace', path: 'active' }, 'scim/invalid_value'],
    ['a path that is none', { op: 'replace', path: '][', value: 1 }, 'scim/invalid_path'],
    ['a path that is a number', { op: 'replace', path: 7, value: 1 }, 'scim/invalid_path'],
    ['a path without end', { op: 'replace', path: 'x'.repeat(600), value: 1 }, 'scim/invalid_path'],
    ['an attribute nobody has', { op: 'replace', path: 'favouriteColour', value: 'x' }, 'scim/invalid_path'],
    ['the prototype', { op: 'replace', path: '__proto__.active', value: 'x' }, 'scim/invalid_path'],
    ['another constructor', { op: 'replace', value: { constructor: { prototype: {} } } }, 'scim/invalid_path'],
    ['a filter that is none', { op: 'replace', path: 'emails[type xx "work"].value', value: 'x' }, 'scim/invalid_filter'],
    ['a filter on what addresses do not have', { op: 'replace', path: 'emails[colour eq "x"].value', value: 'x' }, 'scim/invalid_filter'],
    ['a deep filter', { op: 'remove', path: `emails[${'('.repeat(50)}type eq "work"${')'.repeat(50)}]` }, 'scim/invalid_filter'],
    ['the id', { op: 'replace', path: 'id', value: A }, 'scim/mutability'],
    ['its groups', { op: 'add', path: 'groups', value: [{ value: A }] }, 'scim/mutability'],
    ['removing the userName', { op: 'remove', path: 'userName' }, 'scim/mutability'],
    ['removing everything', { op: 'remove' }, 'scim/no_target'],
    ['emptying the userName', { op: 'replace', path: 'userName', value: '' }, 'scim/invalid_value'],
  ])('is refused with %s, after one that is fine, and nothing changes', (_what, operation, code) => {
    const before = structuredClone(ADA);
    expect(codeOf(() => patched({ op: 'replace', path: 'active', value: false }, operation))).toBe(code);
    expect(ADA).toEqual(before);
  });

  it('either applies or is refused, whatever is sent', () => {
    const anything = fc.anything({ maxDepth: 3, key: fc.constantFrom('op', 'path', 'value', 'Operations', 'schemas', 'active', 'emails') });
    fc.assert(
      fc.property(fc.array(anything, { maxLength: 4 }), (operations) => {
        expect(codeOf(() => patched(...operations))).toMatch(/^(?:accepted|scim\/)/);
      }),
      { numRuns: 300 },
    );
  });
});

describe('a patch of a group', () => {
  it.each([
    ['adding a member', [{ op: 'add', path: 'members', value: [{ value: B }] }], { members: [A, B] }],
    ['adding one that is there', [{ op: 'Add', path: 'members', value: [{ value: A, display: 'x', type: 'User' }] }], {}],
    ['taking one away, as Okta writes it', [{ op: 'remove', path: `members[value eq "${A}"]` }], { members: [] }],
    ['taking one away, as Entra ID writes it', [{ op: 'Remove', path: 'members', value: [{ value: A }] }], { members: [] }],
    ['taking all away', [{ op: 'remove', path: 'members' }], { members: [] }],
    ['putting others in their place', [{ op: 'replace', path: 'members', value: [{ value: B.toUpperCase() }] }], { members: [B] }],
    ['renaming, as Okta writes it', [{ op: 'replace', value: { id: A, displayName: 'Builders' } }], { displayName: 'Builders' }],
  ])('%s', (_what, operations, change) => expect(patchedGroup(...operations)).toEqual({ ...GROUP, members: [A], ...change }));

  it.each([
    ['a group as a member', { op: 'add', path: 'members', value: [{ value: B, type: 'Group' }] }, 'scim/invalid_value'],
    ['a member that is no id', { op: 'add', path: 'members', value: [{ value: 'x' }] }, 'scim/invalid_value'],
    ['an attribute nobody has', { op: 'add', path: 'colour', value: 'x' }, 'scim/invalid_path'],
    ['a condition on another part', { op: 'remove', path: 'members[display eq "x"]' }, 'scim/invalid_path'],
    ['replacing one member', { op: 'replace', path: `members[value eq "${A}"].value`, value: B }, 'scim/invalid_path'],
    ['removing its name', { op: 'remove', path: 'displayName' }, 'scim/mutability'],
    ['too many members', { op: 'add', path: 'members', value: Array(5_001).fill({ value: A }) }, 'scim/too_many'],
  ])('is refused with %s', (_what, operation, code) => expect(codeOf(() => patchedGroup(operation))).toBe(code));

  it('a whole group needs a name', () => {
    expect(codeOf(() => groupOf({ schemas: [GROUP_SCHEMA] }))).toBe('scim/invalid_value');
    expect(groupOf({ schemas: [GROUP_SCHEMA], displayName: 'X' })).toEqual({ displayName: 'X', externalId: null, members: new Set() });
  });
});
