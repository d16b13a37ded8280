import { GROUP_SCHEMA, LIST_MESSAGE, USER_SCHEMA } from '../../core/scim/scim-names.js';
import type { GroupWithMembers } from '../../core/scim/read-directory.js';
import type { ScimUserRow } from '../../data/scim-user.entity.js';
import type { Listed, Slice } from '../../data/scim-users.repository.js';

export type Resource = Readonly<Record<string, unknown>>;

/** Where the SCIM API of this installation is, without a trailing slash. */
export type ScimBase = string;

/** A user as RFC 7643 §4.1 writes one. What is not known is left out. */
export function userResource(user: ScimUserRow, base: ScimBase): Resource {
  const { formattedName: formatted, givenName, familyName, email } = user;
  const name = present({ formatted, givenName, familyName });
  return {
    schemas: [USER_SCHEMA],
    id: user.id,
    ...present({ externalId: user.externalId }),
    userName: user.userName,
    ...(Object.keys(name).length === 0 ? {} : { name }),
    ...(email === null ? {} : { emails: [{ value: email, type: 'work', primary: true }] }),
    active: user.active,
    meta: meta('User', user, `${base}/Users/${user.id}`),
  };
}

/** A group as RFC 7643 §4.2 writes one. */
export function groupResource(group: GroupWithMembers, base: ScimBase): Resource {
  return {
    schemas: [GROUP_SCHEMA],
    id: group.id,
    ...present({ externalId: group.externalId }),
    displayName: group.displayName,
    members: group.members.map(({ userId, userName }) => ({
      value: userId,
      display: userName,
      type: 'User',
      $ref: `${base}/Users/${userId}`,
    })),
    meta: meta('Group', group, `${base}/Groups/${group.id}`),
  };
}

/** Part of a list (RFC 7644 §3.4.2). */
export function listResource<T>({ total, rows }: Listed<T>, { offset }: Pick<Slice, 'offset'>, toResource: (row: T) => Resource): Resource {
  return {
    schemas: [LIST_MESSAGE],
    totalResults: total,
    startIndex: offset + 1,
    itemsPerPage: rows.length,
    Resources: rows.map(toResource),
  };
}

function meta(
  resourceType: string,
  { createdAt, updatedAt }: { readonly createdAt: Date; readonly updatedAt: Date },
  location: string,
): Resource {
  return { resourceType, created: createdAt.toISOString(), lastModified: updatedAt.toISOString(), location };
}

function present(values: Resource): Resource {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== null));
}
