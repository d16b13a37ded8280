/**
 * Every permission there is, with the sentence `docs/permissions.md` shows. Operators hold all of them but those only a person can have;
 * a service key holds the subset named by its scopes, and what {@link EVERY_CALLERS} names.
 */
export const PERMISSIONS = {
  'identity:read': 'Ask whose token or key this is. Every caller may.',
  'inference:invoke': 'Call models through the gateway (`/v1/*`).',
  'usage:read': 'Read the usage ledger and its summaries.',
  'statistics:read': 'Read statistics over organisations, in groups too large to tell one. Operators only.',
  'organisations:read': 'Read organisations.',
  'organisations:write': 'Rename, suspend and reactivate organisations, and say what they ask of their members.',
  'projects:read': 'Read projects.',
  'projects:write': 'Create, rename and archive projects.',
  'keys:read': 'Read API keys (never their secret).',
  'keys:write': 'Create, change, rotate and revoke API keys.',
  'keys:block': 'Block API keys of any organisation, and release them. Operators only.',
  'credentials:read': 'Read provider credentials (masked).',
  'credentials:write': 'Create, rotate and delete provider credentials.',
  'routes:read': 'Read routes.',
  'routes:write': 'Create, change and delete routes.',
  'limits:read': 'Read budgets and rate limits.',
  'limits:write': 'Create, change and delete budgets and rate limits.',
  'prices:read': 'Read price overrides.',
  'prices:write': 'Create and delete price overrides.',
  'audit:read': 'Read the audit log.',
  'account:manage': 'Read and change one’s own account, sessions and sign-in methods. Whoever is signed in may.',
  'organisations:create': 'Create an organisation. Operators may, and where people may as well whoever is signed in, who then owns it.',
  'accounts:read': 'Find people’s accounts and read their state. Operators only.',
  'accounts:write': 'Block, release and remove people’s accounts. Operators only.',
  'notices:read': 'Read an organisation’s notices.',
  'notices:write': 'Mark an organisation’s notices as read.',
  'webhooks:read': 'Read webhooks and the log of their deliveries.',
  'webhooks:write': 'Create, change and delete webhooks, rotate their secrets and replay deliveries.',
  'members:read': 'Read the members of an organisation and their roles.',
  'members:write': 'Invite and remove members and change their roles.',
  'ownership:write': 'Hand the ownership of an organisation on.',
  'identity_providers:read': 'Read an organisation’s identity providers (masked) and e-mail domains.',
  'identity_providers:write': 'Add, change and remove an organisation’s identity providers and e-mail domains.',
  'installation_providers:read': 'Read the installation’s own identity providers (masked). Operators only.',
  'installation_providers:write':
    'Add, change and remove the installation’s own identity providers; lift an organisation’s demand for single sign-on. Operators only.',
  'staff:read': 'Read the operator’s staff, their roles and their tokens (never the tokens themselves).',
  'staff:write': 'Add, invite, change and disable staff; issue and revoke operator tokens.',
  'break_glass:read': 'Read which staff opened which organisation’s data, why and until when.',
  'break_glass:write': 'Open an organisation’s data for oneself, for a reason and a while, and close it again.',
  'retention:read': 'Read how long everything of an organisation is kept.',
  'retention:write': 'Ask for windows of an organisation’s own, as far as the policy profile allows.',
  'plans:write': 'Put organisations on a plan of the policy profile. Operators only.',
  'content:read': 'Read what was kept of calls, for a purpose that the audit log names.',
  'content_policy:read': 'Read which content an organisation keeps, its troubleshooting grants and the versions of its content key.',
  'content_policy:write': 'Say which content an organisation keeps, and open and close troubleshooting grants.',
  'content_keys:write': 'Rotate and destroy an organisation’s content keys.',
  'holds:read': 'Read the legal holds on an organisation.',
  'holds:write': 'Place legal holds; ask for their release, agree to it and turn it down. Operators only.',
  'held_rows:read': 'Read the rows that legal holds keep aside, for a purpose that the audit log names. Operators only.',
  'receipts:read': 'Read the receipts of retention, and what would go when. Operators only.',
  'installation_audit:read': 'Read the audit log of the installation itself: what its staff did, without any organisation’s events.',
} as const;

export type Permission = keyof typeof PERMISSIONS;

/** What every caller may, whatever its scopes. */
export const EVERY_CALLERS = ['identity:read'] as const satisfies readonly Permission[];

/** What a person who is signed in may, outside any organisation. */
export const EVERY_ACCOUNTS = [
  'identity:read',
  'account:manage',
  'organisations:create',
  // Of their own: in an organisation that is named only their role there counts.
  'organisations:read',
] as const satisfies readonly Permission[];

/** What nobody but a person can have: these are about an account of one's own. */
export const ACCOUNTS_ONLY = ['account:manage'] as const satisfies readonly Permission[];

export const ORGANISATION_ROLES = ['owner', 'admin', 'billing', 'developer', 'viewer', 'privacy_officer'] as const;

export type OrganisationRole = (typeof ORGANISATION_ROLES)[number];

const VIEWER = [
  'identity:read',
  'organisations:read',
  'projects:read',
  'members:read',
  'usage:read',
  'limits:read',
  'retention:read',
] as const satisfies readonly Permission[];
const DEVELOPER = [...VIEWER, 'keys:read', 'keys:write', 'credentials:read', 'routes:read', 'routes:write'] as const;
const ADMIN = [
  ...DEVELOPER,
  'organisations:write',
  'projects:write',
  'credentials:write',
  'limits:write',
  'audit:read',
  'members:write',
  'identity_providers:read',
  'notices:read',
  'notices:write',
  'content_policy:read',
  'webhooks:read',
  'webhooks:write',
] as const satisfies readonly Permission[];

/** Who keeps watch over what is kept of calls, and may look at it. */
const CONTENT = ['content:read', 'content_policy:write', 'content_keys:write'] as const satisfies readonly Permission[];

/** What each role lets a member do in the organisation it is held in (A2). */
export const ROLE_PERMISSIONS: Readonly<Record<OrganisationRole, readonly Permission[]>> = {
  // Whoever sets what a provider's word is checked by can sign in as anyone whom it vouches for, owners who use it included.
  owner: [...ADMIN, 'holds:read', 'identity_providers:write', 'ownership:write', 'retention:write', ...CONTENT],
  admin: ADMIN,
  billing: [...VIEWER, 'limits:write'],
  developer: DEVELOPER,
  viewer: VIEWER,
  privacy_officer: [...VIEWER, 'holds:read', 'audit:read', 'notices:read', 'retention:write', 'content_policy:read', ...CONTENT],
};

/** The permissions a service key may be given as scopes: none of them can change configuration. */
export const SERVICE_KEY_SCOPES = ['inference:invoke', 'usage:read'] as const satisfies readonly Permission[];

export type ServiceKeyScope = (typeof SERVICE_KEY_SCOPES)[number];
