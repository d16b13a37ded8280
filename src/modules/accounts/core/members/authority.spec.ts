import { describe, expect, it } from 'vitest';
import { ORGANISATION_ROLES } from '../../../../platform/http/permissions.js';
import { covers, permissionsOf } from './authority.js';

describe('who may give a role', () => {
  it('A2: nobody one that may do more than their own, and only who may change members at all', () => {
    const given = ORGANISATION_ROLES.map((giver) => [giver, ORGANISATION_ROLES.filter((role) => covers(permissionsOf(giver), role))]);
    expect(Object.fromEntries(given)).toEqual({
      owner: ['owner', 'admin', 'billing', 'developer', 'viewer', 'privacy_officer'],
      // A privacy officer may shorten what is kept, an admin may not.
      admin: ['admin', 'billing', 'developer', 'viewer'],
      billing: [],
      developer: [],
      viewer: [],
      privacy_officer: [],
    });
  });
});
