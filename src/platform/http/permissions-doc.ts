import { PERMISSIONS, type Permission } from './permissions.js';
import type { DeclaredRoute } from './routes.js';

/** `docs/permissions.md`: every permission with the routes that demand it, and the routes open to everyone. */
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

function label(route: DeclaredRoute): string {
  return `\`${route.method} ${route.path}\``;
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|');
}
