// Two organisations with one of everything each, made through the public API where there is a route to it: what the isolation walks steal from and with.
import pg from 'pg';
import type { OrganisationId } from '../../src/kernel/ids.js';
import { SequenceAuditLogJob } from '../../src/modules/audit/jobs/sequence-audit-log.job.js';
import { Notices } from '../../src/modules/notifications/notifications.contract.js';
import { Memberships } from '../../src/modules/tenants/tenants.contract.js';
import { UnitOfWork } from '../../src/platform/database/unit-of-work.js';
import { type Person, signUp } from './accounts.js';
import { TestLethe } from './app.js';
import { exampleOf, type Operation, readSurface } from './surface.js';

/** One organisation's things by the name that a path parameter or a body's field gives them. */
export type Things = Readonly<Record<string, string>>;

export interface Tenant {
  readonly organisationId: OrganisationId;
  readonly owner: Person;
  /** A service key's secret. */
  readonly key: string;
  readonly things: Things;
}

export interface Attempt {
  readonly operation: Operation;
  readonly path: string;
  readonly body: unknown;
  /** Whether it names the victim's organisation itself, which to the thief is not there. */
  readonly isDirect: boolean;
}

/** A running Lethe, two organisations, and the operations there are. */
export class IsolationWalk {
  private constructor(
    readonly app: TestLethe,
    readonly victim: Tenant,
    readonly thief: Tenant,
    readonly operations: readonly Operation[],
  ) {}

  static async start(environment: Readonly<Record<string, string>> = {}): Promise<IsolationWalk> {
    const app = await TestLethe.start({ environment: { LETHE_PEOPLE_CREATE_ORGANISATIONS: 'true', ...environment } });
    const victim = await makeTenant(app);
    const thief = await makeTenant(app);
    await app.lethe.get(SequenceAuditLogJob).run(new AbortController().signal);
    return new IsolationWalk(app, victim, thief, await readSurface(app.url, '/'));
  }

  stop(): Promise<void> {
    return this.app.stop();
  }

  /** Every table there is, by name. */
  async tables(): Promise<string[]> {
    const rows = await this.app.rows<{ name: string }>(
      `SELECT relname AS name FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p') AND NOT relispartition ORDER BY 1`,
    );
    return rows.map((row) => row.name);
  }

  /** A digest of all rows that carry the organisation's id, by table, but for what changes by itself. */
  async fingerprint(tenant: Tenant): Promise<Record<string, string>> {
    const digests: Record<string, string> = {};
    for (const table of await this.tables()) {
      const [row] = await this.app.rows<{ digest: string }>(
        `SELECT md5(coalesce(string_agg(row, E'\\n' ORDER BY row), '')) AS digest
         FROM (SELECT (to_jsonb(t) - 'last_used_at' - 'last_seen_at' - 'idle_at')::text AS row FROM "${table}" t) r WHERE row LIKE $1`,
        [`%${tenant.organisationId}%`],
      );
      digests[table] = row?.digest ?? '';
    }
    return digests;
  }

  /** Switches row-level security off, for this database alone: what is refused then, the application refuses. */
  async dropRowLevelSecurity(): Promise<void> {
    for (const table of await this.tables()) {
      await this.app.rows(`ALTER TABLE "${table}" DISABLE ROW LEVEL SECURITY`);
      await this.app.rows(`ALTER TABLE "${table}" NO FORCE ROW LEVEL SECURITY`);
    }
  }

  /** Runs SQL as the application's own role with an organisation named, or with none, and leaves nothing of it behind. */
  async asTenant<T>(organisationId: string | null, work: (client: pg.Client) => Promise<T>): Promise<T> {
    const client = new pg.Client({ connectionString: this.app.databaseUrl });
    await client.connect();
    try {
      await client.query('BEGIN');
      await client.query('SET LOCAL ROLE lethe_app');
      await client.query(`SELECT set_config('lethe.organisation_id', $1, true)`, [organisationId ?? '']);
      return await work(client);
    } finally {
      await client.query('ROLLBACK').catch(() => undefined);
      await client.end();
    }
  }

  /** What the thief can try at an operation: the victim's organisation itself, then the victim's things in the thief's own. */
  attempts(operation: Operation): Attempt[] {
    const { victim, thief } = this;
    const body = operation.body ? exampleOf(operation.body, victim.things) : undefined;
    const fill = (things: Things): string => operation.path.replace(/\{(\w+)\}/g, (whole, name: string) => things[name] ?? whole);
    const atHome = { ...victim.things, organisationId: thief.organisationId as string };
    const borrowed = operation.pathParameters.some((name) => name !== 'organisationId') || names(body, victim.things);
    return [
      ...(operation.pathParameters.includes('organisationId') ? [{ operation, path: fill(victim.things), body, isDirect: true }] : []),
      ...(borrowed ? [{ operation, path: fill(atHome), body, isDirect: false }] : []),
    ];
  }
}

/** Whether a body mentions one of somebody's things. */
function names(body: unknown, things: Things): boolean {
  const text = JSON.stringify(body ?? null);
  return Object.values(things).some((value) => value.length > 30 && text.includes(value));
}

let tenants = 0;

async function makeTenant(app: TestLethe): Promise<Tenant> {
  tenants += 1;
  const owner = await signUp(app.lethe, { secondFactorDone: true });
  const name = `iso-${tenants}-${Math.random().toString(36).slice(2, 8)}`;
  const made = await ask<{ id: OrganisationId }>(owner, 'POST', '/organisations', { slug: name, name });
  const at = `/organisations/${made.id}`;
  const make = async (path: string, body: object): Promise<string> => (await ask<{ id: string }>(owner, 'POST', path, body)).id;
  const projectId = await make(`${at}/projects`, { name: 'default' });
  const credentialId = await make(`${at}/credentials`, { name: 'upstream', provider: 'stand_in', secret: 'sk-upstream-test-0001' });
  const routeId = await make(`${at}/routes`, { model: '*', targets: [{ credentialId }] });
  const key = await ask<{ id: string; secret: string }>(owner, 'POST', `${at}/keys`, {
    name: 'key',
    projectId,
    scopes: ['inference:invoke', 'usage:read'],
  });
  const budgetId = await make(`${at}/budgets`, { scope: 'organisation', scopeId: made.id, kind: 'soft', period: 'daily', limit: '5' });
  await ask(owner, 'PUT', `${at}/rate-limits/organisation/${made.id}`, { requestsPerMinute: 10_000, tokensPerMinute: null });
  const more = await makeWhatPeopleMake(app, { organisationId: made.id, owner, name, make });
  const things = {
    ...more,
    organisationId: made.id,
    projectId,
    credentialId,
    routeId,
    keyId: key.id,
    budgetId,
    scope: 'organisation',
    scopeId: made.id as string,
    accountId: owner.accountId as string,
    callId: await call(app, key.secret, made.id),
  };
  return { organisationId: made.id, owner, key: key.secret, things };
}

interface Founded {
  readonly organisationId: OrganisationId;
  readonly owner: Person;
  readonly name: string;
  readonly make: (path: string, body: object) => Promise<string>;
}

/** Webhooks, invitations, directories, notices, and what is offered and granted. */
async function makeWhatPeopleMake(app: TestLethe, { organisationId, owner, name, make }: Founded): Promise<Things> {
  const at = `/organisations/${organisationId}`;
  const webhookId = await make(`${at}/webhooks`, { url: `https://${name}.example.com/hook` });
  const deliveryId = await make(`${at}/webhooks/${webhookId}/test`, {});
  const invitationId = await make(`${at}/invitations`, { email: `guest@${name}.example.com`, role: 'viewer' });
  const provider = {
    name: 'directory',
    kind: 'oidc',
    issuer: `https://id.${name}.example.com`,
    clientId: 'client',
    clientSecret: 'x'.repeat(40),
  };
  const providerId = await make(`${at}/identity-providers`, provider);
  const domainId = await make(`${at}/domains`, { domain: `${name}.example.com` });
  const { id: tokenId, secret } = await ask<{ id: string; secret: string }>(owner, 'POST', `${at}/scim-tokens`, { name: 'directory' });
  const groupId = await makeDirectory(app, `${name}.example.com`, secret);
  const second = await signUp(app.lethe);
  await app.lethe.get(UnitOfWork).asSystem(async (tx) => {
    const membership = { organisationId, accountId: second.accountId, role: 'viewer', source: 'invitation' } as const;
    await app.lethe.get(Memberships).add(tx, membership, { kind: 'system', id: 'test' });
    await app.lethe.get(Notices).tellOrganisation(tx, organisationId, 'key_blocked', { name: 'key', reason: 'burst' });
  });
  await make(`${at}/ownership-offer`, { accountId: second.accountId });
  await app.rows(
    `INSERT INTO break_glass_grant SELECT gen_random_uuid(), $1, id, 'incident', 'T-1', now(), now() + interval '1 hour' FROM operator LIMIT 1`,
    [organisationId],
  );
  await app.rows(
    `INSERT INTO key_country SELECT organisation_id, id, 'DE', current_date, current_date FROM api_key WHERE organisation_id = $1`,
    [organisationId],
  );
  await app.rows(`INSERT INTO organisation_policy VALUES ($1, 'standard', '{}', 1, 0, now())`, [organisationId]);
  await app.rows(`INSERT INTO key_habit SELECT organisation_id, id, now(), 1, 0.5 FROM api_key WHERE organisation_id = $1`, [
    organisationId,
  ]);
  await app.rows(`SELECT create_expiry_partition('usage_rollup', current_date + 1)`);
  await app.rows(
    `INSERT INTO usage_rollup SELECT organisation_id, current_date + 1, 'hour', date_trunc('hour', now()), 1, project_id, id, 'stand_in', 'gpt-4o-mini', 'chat',
       'succeeded', NULL, 1, 1, 0, 0, 1, 0, 0.5, 0, 0, NULL, NULL, current_date FROM api_key WHERE organisation_id = $1`,
    [organisationId],
  );
  const content = await makeContent(app, organisationId);
  await app.rows(
    `INSERT INTO legal_hold (id, matter, reason, organisation_id, data_classes, placed_by, placed_at)
     SELECT gen_random_uuid(), 'M-1', 'litigation', $1, '{request_metadata}', id, now() FROM operator LIMIT 1`,
    [organisationId],
  );
  const [notice] = await app.rows<{ id: string }>('SELECT id FROM organisation_notice WHERE organisation_id = $1', [organisationId]);
  return { webhookId, deliveryId, invitationId, providerId, domainId, tokenId, groupId, noticeId: notice?.id ?? '', ...content };
}

/** What is kept of calls, whatever the profile: a row of each table, a key that opens none of them, and a grant. */
async function makeContent(app: TestLethe, organisationId: OrganisationId): Promise<Things> {
  // No other organisation has a key of this version: whoever names it means this one.
  const version = tenants;
  await app.rows(`INSERT INTO content_setting VALUES ($1, true, 1000, true, now())`, [organisationId]);
  await app.rows(`INSERT INTO content_key VALUES (gen_random_uuid(), $1, $2, 'local:none', '\\x00', now())`, [organisationId, version]);
  for (const table of ['call_payload', 'call_failed_input', 'call_granted_content']) {
    await app.rows(`SELECT create_expiry_partition($1::regclass, current_date)`, [table]);
    await app.rows(
      `INSERT INTO ${table} SELECT gen_random_uuid(), current_date, organisation_id, project_id, id, now(), NULL, 1, 1, NULL, false, false, false, '\\x00'
       FROM api_key WHERE organisation_id = $1 LIMIT 1`,
      [organisationId],
    );
  }
  const [grant] = await app.rows<{ id: string }>(
    `INSERT INTO troubleshooting_grant
     VALUES (gen_random_uuid(), $1, 'organisation', $1, 'integration', NULL, now(), now() + interval '1 hour') RETURNING id`,
    [organisationId],
  );
  return { troubleshootingGrantId: grant?.id ?? '', version: String(version) };
}

/** A user and a group that a directory sends; answers the group. */
async function makeDirectory(app: TestLethe, domain: string, token: string): Promise<string> {
  await app.rows('UPDATE captured_domain SET verified_at = now() WHERE domain = $1', [domain]);
  const send = async (path: string, body: object): Promise<string> => {
    const answer = await fetch(`${app.url}/scim/v2/${path}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/scim+json' },
      body: JSON.stringify(body),
    });
    const made = (await answer.json()) as { id?: string };
    if (made.id === undefined) throw new Error(`POST /scim/v2/${path} answered ${answer.status}: ${JSON.stringify(made)}`);
    return made.id;
  };
  const email = `kim@${domain}`;
  const user = await send('Users', {
    schemas: ['urn:ietf:params:scim:schemas:core:2.0:User'],
    userName: email,
    emails: [{ value: email, primary: true }],
    active: true,
  });
  return send('Groups', {
    schemas: ['urn:ietf:params:scim:schemas:core:2.0:Group'],
    displayName: 'Engineers',
    members: [{ value: user }],
  });
}

/** One call through the gateway, so that there is a record to steal, and an intent as an open call has one. */
async function call(app: TestLethe, key: string, organisationId: string): Promise<string> {
  const body = { model: 'gpt-4o-mini', messages: [{ role: 'user', content: 'hello' }] };
  for (let tries = 0; tries < 200; tries += 1) {
    // The key and its route reach the memory of the gateway a moment after they were made.
    await (await app.chat({ key }, body)).arrayBuffer();
    const [record] = await app.rows<{ id: string }>('SELECT id FROM call_record WHERE organisation_id = $1', [organisationId]);
    if (record) {
      await app.rows(
        `INSERT INTO call_intent SELECT gen_random_uuid(), expires_on, organisation_id, project_id, key_id, gen_random_uuid(), started_at,
           operation, requested_model, stream, client_request_id, hold, budgets, gen_random_uuid() FROM call_record WHERE id = $1`,
        [record.id],
      );
      return record.id;
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error('the call left no record');
}

/** Asks as a person signed in; raises what went wrong. */
async function ask<T>(person: Person, method: string, path: string, body?: object): Promise<T> {
  const answer = await person.browser.request<T & Record<string, unknown>>(method, path, body);
  if (answer.status > 299) throw new Error(`${method} ${path} answered ${answer.status}: ${JSON.stringify(answer.body)}`);
  return answer.body;
}
