import type { INestApplicationContext } from '@nestjs/common';
import type { Settings } from '../../platform/config/settings.js';
import { SystemPool } from '../../platform/database/system-pool.js';
import { type Finding, ok, warn } from './finding.js';

/** Where operators may come from (A4). */
export function examineAdminDoor(settings: Settings): Promise<Finding[]> {
  const { adminNetworks, adminListen, environment, trustedProxies } = settings;
  const listener = adminListen === undefined ? 'where everyone is served' : `on ${adminListen} only`;
  if (adminNetworks.length > 0) {
    const behind = trustedProxies.length === 0 ? '; no proxy is trusted, so the connecting address counts' : '';
    return Promise.resolve([ok('operators', `They are served ${listener}, from ${adminNetworks.length} networks${behind}.`)]);
  }
  if (adminListen !== undefined) return Promise.resolve([ok('operators', `They are served ${listener}.`)]);
  if (environment === 'development') return Promise.resolve([ok('operators', 'They may act from anywhere, as this is development.')]);
  return Promise.resolve([
    warn(
      'operators',
      'They may act from anywhere on the internet.',
      'Set LETHE_ADMIN_NETWORKS, or give them a listener with LETHE_ADMIN_LISTEN.',
    ),
  ]);
}

interface StaffState {
  readonly administrators: number;
  readonly withoutFactor: number;
  readonly everlasting: number;
  readonly open: number;
}

/** Who may act as operator, and by what. */
export async function examineStaff(application: INestApplicationContext, { environment }: Settings): Promise<Finding[]> {
  const { rows } = await application.get(SystemPool).query<StaffState>(
    `SELECT
       (SELECT count(*)::int FROM operator WHERE status = 'active' AND role = 'administrator') AS administrators,
       (SELECT count(*)::int FROM operator o WHERE status = 'active' AND account_id IS NOT NULL
          AND NOT EXISTS (SELECT FROM totp_factor f WHERE f.account_id = o.account_id AND f.confirmed_at IS NOT NULL)
          AND NOT EXISTS (SELECT FROM webauthn_credential c WHERE c.account_id = o.account_id AND c.status = 'active')) AS "withoutFactor",
       (SELECT count(*)::int FROM operator_token t JOIN operator o ON o.id = t.operator_id
          WHERE o.status = 'active' AND revoked_at IS NULL AND expires_at IS NULL) AS everlasting,
       (SELECT count(*)::int FROM break_glass_grant WHERE closed_at IS NULL AND ends_at > clock_timestamp()) AS open`,
  );
  const [state] = rows;
  return state === undefined ? [] : [...staffFindings(state), ...tokenFindings(state, environment), ...grantFindings(state)];
}

function staffFindings({ administrators, withoutFactor }: StaffState): Finding[] {
  if (administrators === 0)
    return [warn('staff', 'There is no active administrator.', 'lethe bootstrap, or lethe staff add --role administrator')];
  if (withoutFactor === 0) return [ok('staff', `${administrators} active administrators; nobody with an account lacks a second factor.`)];
  const message = `${withoutFactor} of the staff have an account without a second factor: they can do nothing until they set one up.`;
  return [warn('staff', message, 'Let them sign in and set one up, or take the account away.')];
}

/** Development lives with the token of its first run. */
function tokenFindings({ everlasting }: StaffState, environment: Settings['environment']): Finding[] {
  if (everlasting === 0) return [ok('operator tokens', 'All that work have an end.')];
  if (environment === 'development') return [ok('operator tokens', `${everlasting} work until they are revoked.`)];
  return [
    warn('operator tokens', `${everlasting} work until somebody revokes them.`, 'Replace them: lethe staff token --expires-in-days 90'),
  ];
}

function grantFindings({ open }: StaffState): Finding[] {
  return open === 0 ? [] : [ok('break-glass', `${open} grants are open at this moment.`)];
}
