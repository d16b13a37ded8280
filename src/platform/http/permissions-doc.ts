import { EVERY_ACCOUNTS, ORGANISATION_ROLES, PERMISSIONS, type Permission, ROLE_PERMISSIONS, SERVICE_KEY_SCOPES } from './permissions.js';
import type { DeclaredRoute } from './routes.js';
import { INSTALLATION_PERMISSIONS, isOpenedByBreakGlass, STAFF_PERMISSIONS, STAFF_ROLES } from './staff-roles.js';

/** `docs/permissions.md`: every permission with the routes that demand it, what each role of a member holds, and the routes open to everyone. */
export function permissionsDocument(routes: readonly DeclaredRoute[]): string {
  const permissions = Object.entries(PERMISSIONS) as [Permission, string][];
  const rows = permissions.map(([permission, sentence]) => {
    const uses = routes.filter((route) => route.access?.kind === 'permission' && route.access.permission === permission);
    return `| \`${permission}\` | ${cell(sentence)} | ${uses.map(label).join('<br>') || '–'} |`;
  });
  const continuing = routes.filter((route) => route.access?.kind === 'sign_in').map((route) => `- ${label(route)}`);
  const open = routes.filter((route) => route.access?.kind === 'public').map((route) => `- ${label(route)}`);
  return [
    '# Permissions',
    '',
    'Generated from the routes and from `src/platform/http/permissions.ts`; do not edit.',
    '',
    '| permission | allows to | routes |',
    '|---|---|---|',
    ...rows,
    '',
    '## Roles of members',
    '',
    'What a member of an organisation may do in it, by their role. Nobody gives, takes or changes a role that may do more than their own.',
    '',
    `| permission | ${ORGANISATION_ROLES.map((role) => role.replaceAll('_', ' ')).join(' | ')} |`,
    `|---|${ORGANISATION_ROLES.map(() => ':-:').join('|')}|`,
    ...permissions.flatMap(([permission]) => roleRow(permission)),
    '',
    `Outside any organisation a person may: ${EVERY_ACCOUNTS.map(code).join(', ')}. A service key may what its scopes name: ${SERVICE_KEY_SCOPES.map(code).join(', ')}.`,
    '',
    '## Roles of staff',
    '',
    'What each role of the operator’s staff may do on duty. ● as it is; ○ for an organisation’s own data, only under a break-glass grant and for',
    'reading; in the installation’s own organisation whatever the role holds. A token holds what its operator’s role does; only an administrator’s',
    'reaches organisations, and those without a grant ([operators](operators.md)).',
    '',
    `| permission | ${STAFF_ROLES.map((role) => role.replaceAll('_', ' ')).join(' | ')} |`,
    `|---|${STAFF_ROLES.map(() => ':-:').join('|')}|`,
    ...permissions.flatMap(([permission]) => staffRow(permission)),
    '',
    '## Routes that finish signing in',
    '',
    'Open to whoever has a session, also one that still lacks its second factor.',
    '',
    ...(continuing.length > 0 ? continuing : ['None.']),
    '',
    '## Routes open to everyone',
    '',
    ...(open.length > 0 ? open : ['None.']),
    '',
  ].join('\n');
}

/** Nothing for what no member holds. */
function roleRow(permission: Permission): string[] {
  const held = ORGANISATION_ROLES.map((role) => ROLE_PERMISSIONS[role].includes(permission));
  return held.includes(true) ? [`| ${code(permission)} | ${held.map((isHeld) => (isHeld ? '●' : '')).join(' | ')} |`] : [];
}

/** Nothing for what staff never do on duty in a customer's organisation. */
function staffRow(permission: Permission): string[] {
  const isOwn = !INSTALLATION_PERMISSIONS.has(permission);
  if (isOwn && !isOpenedByBreakGlass(permission)) return [];
  const held = STAFF_ROLES.map((role) => STAFF_PERMISSIONS[role].has(permission));
  return held.includes(true) ? [`| ${code(permission)} | ${held.map((isHeld) => (isHeld ? (isOwn ? '○' : '●') : '')).join(' | ')} |`] : [];
}

function code(text: string): string {
  return `\`${text}\``;
}

function label(route: DeclaredRoute): string {
  return `\`${route.method} ${route.path}\``;
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|');
}
