import type { INestApplicationContext } from '@nestjs/common';
import { DiscoveryService } from '@nestjs/core';
import { ExpiringTables } from '../../contracts/expiring-tables.js';
import { RetentionWindows } from '../../contracts/retention-windows.js';
import { Clock, utcDayAfter } from '../../kernel/clock.js';
import { AppError } from '../../kernel/errors.js';
import type { CredentialId } from '../../kernel/ids.js';
import { CredentialVault } from '../../modules/credentials/credentials.contract.js';
import { PriceBook } from '../../modules/usage/core/price-book.js';
import { ChangeFeed } from '../../platform/database/change-feed.js';
import { SystemPool } from '../../platform/database/system-pool.js';
import { examineInstallationKeys } from './examine-installation-keys.js';
import { examinePolicy } from './examine-policy.js';
import { error, type Finding, ok, warn } from './finding.js';

/** Whether credentials can be opened to see if they open: `absent` where that would make a root key up. */
export type RootKeyState = 'works' | 'fails' | 'absent';

/** What an operator has set up: looked at as a gateway would see it after its start. */
export async function examineConfiguration(application: INestApplicationContext, rootKey: RootKeyState): Promise<Finding[]> {
  // Fills the snapshots that credentials are answered from.
  await application.get(ChangeFeed).start();
  return [
    ...(await examinePolicy(application)),
    ...(await partitionFindings(application)),
    ...(await credentialFindings(application, rootKey)),
    ...(await routeFindings(application)),
    // The finding about the root key says it all where that is missing.
    ...(rootKey === 'works' ? await examineInstallationKeys(application) : []),
  ];
}

/** Without the partition of the day new rows expire on, nothing can be recorded. */
async function partitionFindings(application: INestApplicationContext): Promise<Finding[]> {
  const providers = application.get(DiscoveryService, { strict: false }).getProviders();
  const owners = providers.map((wrapper) => wrapper.instance as unknown).filter((instance) => instance instanceof ExpiringTables);
  const windows = application.get(RetentionWindows);
  const wanted = owners
    .flatMap((owner) => owner.expiringTables())
    .flatMap(({ table, window }) => {
      const days = 'dataClass' in window ? windows.inForce(window.dataClass).filter((each) => each > 0) : [window.longestDays];
      return days.map((ahead) => `${table}_p${utcDayAfter(Date.now(), ahead).replaceAll('-', '')}`);
    });
  const { rows } = await application
    .get(SystemPool)
    .query<{ name: string }>('SELECT name FROM unnest($1::text[]) AS name WHERE to_regclass(quote_ident(name)) IS NULL', [wanted]);
  if (rows.length === 0) return [ok('partitions', 'Rows recorded today have a place to expire from.')];
  const missing = rows.map(({ name }) => name).join(', ');
  return [
    error(
      'partitions',
      `Rows recorded today have no partition (${missing}): they cannot be written.`,
      'Run a process with the worker role; it makes partitions ahead.',
    ),
  ];
}

interface CredentialRow {
  readonly id: CredentialId;
  readonly name: string;
  readonly organisation: string;
}

/** Opens each active credential and drops what it opened. */
async function credentialFindings(application: INestApplicationContext, rootKey: RootKeyState): Promise<Finding[]> {
  const { rows } = await application.get(SystemPool).query<CredentialRow>(
    `SELECT c.id, c.name, o.slug AS organisation FROM provider_credential c JOIN organisation o ON o.id = c.organisation_id
     WHERE c.status = 'active' ORDER BY o.slug, c.name`,
  );
  if (rows.length === 0) return [warn('credentials', 'There is no provider credential: no call can be answered.', 'lethe credentials add')];
  if (rootKey === 'absent') {
    const message = `${rows.length} credentials are stored, and the root key they were wrapped with is not there.`;
    return [error('credentials', message, 'Put the root key file back, from its backup, before Lethe makes a new one.')];
  }
  // The finding about the root key says it all.
  if (rootKey === 'fails') return [];
  const vault = application.get(CredentialVault);
  const findings: Finding[] = [];
  for (const { id, name, organisation } of rows) {
    try {
      await vault.open(id);
    } catch (failure) {
      if (!(failure instanceof AppError)) throw failure;
      const action = `Find the root key it was wrapped with, or: lethe credentials rotate --organisation ${organisation} --name '${name}'`;
      findings.push(error(`credential ${organisation}/${name}`, failure.publicMessage, action));
    }
  }
  return findings.length > 0 ? findings : [ok('credentials', `All ${rows.length} active credentials open.`)];
}

interface RouteRow {
  readonly organisation: string;
  readonly model: string;
  readonly provider: string;
  readonly upstreamModel: string;
  readonly disabled: boolean;
  /** By an override of the operator. */
  readonly priced: boolean;
}

async function routeFindings(application: INestApplicationContext): Promise<Finding[]> {
  const { rows } = await application.get(SystemPool).query<RouteRow>(
    `SELECT o.slug AS organisation, r.model, c.provider, coalesce(t.upstream_model, r.model) AS "upstreamModel", c.status = 'disabled' AS disabled,
       EXISTS (SELECT FROM price_override p WHERE p.model = coalesce(t.upstream_model, r.model) AND coalesce(p.provider, c.provider) = c.provider) AS priced
     FROM route r JOIN organisation o ON o.id = r.organisation_id
     JOIN route_target t ON t.route_id = r.id JOIN provider_credential c ON c.id = t.credential_id
     ORDER BY o.slug, r.model, t.position`,
  );
  if (rows.length === 0) return [warn('routes', 'There is no route: every model is unknown.', 'POST /api/v1/organisations/{id}/routes')];
  const findings = [...disabledFindings(rows), ...priceFindings(rows, new PriceBook(application.get(Clock)))];
  return findings.length > 0
    ? findings
    : [ok('routes', 'Every route leads to an active credential, and every model it names has a price.')];
}

/** A route keeps working while one of its targets does. */
function disabledFindings(rows: readonly RouteRow[]): Finding[] {
  const routes = Map.groupBy(rows, ({ organisation, model }) => `${organisation}/${model}`);
  return [...routes].flatMap(([route, targets]) => {
    const disabled = targets.filter((target) => target.disabled).length;
    if (disabled === 0) return [];
    const action = 'Enable the credential, or take the target off the route.';
    if (disabled < targets.length)
      return [warn(`route ${route}`, `${disabled} of its ${targets.length} targets use a disabled credential.`, action)];
    return [error(`route ${route}`, 'All its targets use a disabled credential: calls to it fail.', action)];
  });
}

/** Prefixes (`gpt-*`) name no model that a price could be looked up for. */
function priceFindings(rows: readonly RouteRow[], catalogue: PriceBook): Finding[] {
  const unpriced = rows.filter(
    ({ provider, upstreamModel, priced }) => !priced && !upstreamModel.endsWith('*') && !catalogue.find(provider, upstreamModel),
  );
  return [...new Set(unpriced.map(({ provider, upstreamModel }) => `${provider}/${upstreamModel}`))].map((model) =>
    warn(
      `price of ${model}`,
      'It is unknown: the cost of its calls is recorded as unknown, and hard budgets refuse them.',
      'POST /api/v1/price-overrides',
    ),
  );
}
