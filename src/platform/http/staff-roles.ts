import { ACCOUNTS_ONLY, PERMISSIONS, type Permission } from './permissions.js';

/** What a member of the operator's staff may be. */
export const STAFF_ROLES = ['administrator', 'support', 'privacy_officer', 'auditor'] as const;

export type StaffRole = (typeof STAFF_ROLES)[number];

const READS = [
  'identity:read',
  'organisations:read',
  'statistics:read',
  'audit:read',
  'notices:read',
  'retention:read',
  'break_glass:read',
] as const satisfies readonly Permission[];

/** What each role lets a member of staff do (A4). What of it is an organisation's own takes a break-glass grant as well (S2). */
export const STAFF_PERMISSIONS: Readonly<Record<StaffRole, ReadonlySet<Permission>>> = {
  administrator: new Set((Object.keys(PERMISSIONS) as Permission[]).filter((permission) => !isPersonal(permission))),
  support: new Set<Permission>([
    ...READS,
    'accounts:read',
    'projects:read',
    'members:read',
    'usage:read',
    'keys:read',
    'credentials:read',
    'routes:read',
    'limits:read',
    'prices:read',
    'webhooks:read',
    'identity_providers:read',
    'break_glass:write',
  ]),
  privacy_officer: new Set<Permission>([
    ...READS,
    'accounts:read',
    'members:read',
    'staff:read',
    'content:read',
    'content_policy:read',
    'installation_audit:read',
    'holds:read',
    'held_rows:read',
    'receipts:read',
    'break_glass:write',
  ]),
  auditor: new Set<Permission>([...READS, 'holds:read', 'receipts:read', 'staff:read', 'installation_audit:read']),
};

/**
 * What concerns the installation, or organisations as its customers. All the rest is an organisation's own: a permission that is added and not
 * named here is closed to staff on duty until they break the glass.
 */
export const INSTALLATION_PERMISSIONS: ReadonlySet<Permission> = new Set<Permission>([
  'identity:read',
  'organisations:read',
  'statistics:read',
  'organisations:write',
  'organisations:create',
  'installation_providers:read',
  'installation_providers:write',
  'accounts:read',
  'accounts:write',
  'keys:block',
  'plans:write',
  'retention:read',
  'prices:read',
  'prices:write',
  'staff:read',
  'staff:write',
  'break_glass:read',
  'break_glass:write',
  'holds:read',
  'holds:write',
  'receipts:read',
  'installation_audit:read',
]);

/** Whether a break-glass grant covers it: grants open an organisation's data for reading, and nothing else. */
export function isOpenedByBreakGlass(permission: Permission): boolean {
  return permission.endsWith(':read');
}

function isPersonal(permission: Permission): boolean {
  return (ACCOUNTS_ONLY as readonly Permission[]).includes(permission);
}
