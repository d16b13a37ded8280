import { describe, expect, it } from 'vitest';
import { ACCOUNTS_ONLY, ORGANISATION_ROLES, PERMISSIONS, type Permission, ROLE_PERMISSIONS } from './permissions.js';
import { INSTALLATION_PERMISSIONS, isOpenedByBreakGlass, STAFF_PERMISSIONS, STAFF_ROLES } from './staff-roles.js';

const ALL = Object.keys(PERMISSIONS) as Permission[];
const heldByMembers = new Set(ORGANISATION_ROLES.flatMap((role) => ROLE_PERMISSIONS[role]));

describe('roles of staff', () => {
  it('S2: what members may do in their organisation is its own, but for its name, state, windows and holds, and asking who one is', () => {
    const open = [...INSTALLATION_PERMISSIONS].filter((permission) => heldByMembers.has(permission)).sort();
    expect(open).toEqual(['holds:read', 'identity:read', 'organisations:read', 'organisations:write', 'retention:read']);
  });

  it('A4: only an administrator changes anything; others may break the glass at most', () => {
    for (const role of STAFF_ROLES.filter((name) => name !== 'administrator')) {
      const writes = [...STAFF_PERMISSIONS[role]].filter((permission) => !permission.endsWith(':read'));
      expect([role, writes.filter((permission) => permission !== 'break_glass:write')]).toEqual([role, []]);
    }
    expect(STAFF_PERMISSIONS.auditor.has('break_glass:write')).toBe(false);
  });

  it('A4: an administrator holds all there is but what only a person can have', () => {
    const missing = ALL.filter((permission) => !STAFF_PERMISSIONS.administrator.has(permission));
    expect(missing).toEqual([...ACCOUNTS_ONLY]);
  });

  it('S2: a grant never opens anything that changes something', () => {
    expect(ALL.filter(isOpenedByBreakGlass).every((permission) => permission.endsWith(':read'))).toBe(true);
    expect(isOpenedByBreakGlass('inference:invoke')).toBe(false);
  });
});
