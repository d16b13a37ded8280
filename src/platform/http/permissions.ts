/**
 * Every permission there is, with the sentence `docs/permissions.md` shows. Operators hold all of them;
 * a service key holds the subset named by its scopes, and what {@link EVERY_CALLERS} names.
 */
export const PERMISSIONS = {
  'identity:read': 'Ask whose token or key this is. Every caller may.',
  'inference:invoke': 'Call models through the gateway (`/v1/*`).',
  'usage:read': 'Read the usage ledger and its summaries.',
  'organisations:read': 'Read organisations.',
  'organisations:write': 'Create, rename, suspend and reactivate organisations.',
  'projects:read': 'Read projects.',
  'projects:write': 'Create, rename and archive projects.',
  'keys:read': 'Read API keys (never their secret).',
  'keys:write': 'Create and revoke API keys.',
  'credentials:read': 'Read provider credentials (masked).',
  'credentials:write': 'Create, rotate and delete provider credentials.',
  'routes:read': 'Read routes.',
  'routes:write': 'Create, change and delete routes.',
  'limits:read': 'Read budgets and rate limits.',
  'limits:write': 'Create, change and delete budgets and rate limits.',
  'prices:read': 'Read price overrides.',
  'prices:write': 'Create and delete price overrides.',
  'audit:read': 'Read the audit log.',
} as const;

export type Permission = keyof typeof PERMISSIONS;

/** What every caller may, whatever its scopes. */
export const EVERY_CALLERS = ['identity:read'] as const satisfies readonly Permission[];

/** The permissions a service key may be given as scopes: none of them can change configuration. */
export const SERVICE_KEY_SCOPES = ['inference:invoke', 'usage:read'] as const satisfies readonly Permission[];

export type ServiceKeyScope = (typeof SERVICE_KEY_SCOPES)[number];
