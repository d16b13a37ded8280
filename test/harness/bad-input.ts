import { expect } from 'vitest';
import { Cluster, type ClusterTenant } from './cluster.ts';
import { createTestDatabase } from './postgres.js';
import type { Got } from './surface.ts';

/** Planted in what is sent: no answer and no log line may repeat it. */
export const CANARY = 'canary-4f1c9a7be20d';
/** The same in the shape of a secret. */
export const SECRET_CANARY = `sk-${CANARY}`;

let strangers = 0;

/** Headers that make the request come from an address nobody has used yet. */
export function strangersAddress(): Record<string, string> {
  strangers += 1;
  return { 'x-forwarded-for': `198.51.${strangers >> 8}.${strangers & 255}` };
}

/** An installation from the built program, with two organisations and one of everything in each. */
export class Target {
  private constructor(
    readonly cluster: Cluster,
    readonly mine: Resources,
    readonly theirs: Resources,
    private readonly drop: () => Promise<void>,
  ) {}

  static async start(replicas: number): Promise<Target> {
    const database = await createTestDatabase();
    // Failed sign-ins are slowed per address: `strangersAddress` gives every request one of its own.
    const environment = { LETHE_LOG_LEVEL: 'trace', LETHE_TRUSTED_PROXIES: '127.0.0.0/8' };
    const cluster = await Cluster.start({ databaseUrl: database.url, replicas, deskRoles: 'api', environment });
    return new Target(cluster, await makeResources(cluster), await makeResources(cluster), () => database.drop());
  }

  /** A key of an organisation with these scopes; its secret. */
  async key(of: Resources, wanted: Readonly<Record<string, unknown>> = {}): Promise<string> {
    return (await this.keyWithId(of, wanted)).secret;
  }

  async keyWithId(of: Resources, wanted: Readonly<Record<string, unknown>> = {}): Promise<{ id: string; secret: string }> {
    const body = { name: 'extra', projectId: of.ids.projectId, scopes: ['inference:invoke'], ...wanted };
    const made = await this.cluster.ask<{ id: string; secret: string }>('POST', `/organisations/${of.ids.organisationId}/keys`, body);
    await this.cluster.settled();
    return made;
  }

  /** A digest of every table. Left out is what changes by itself: who is alive, when a key was last used, that an operator asked, and was refused. */
  async fingerprint(): Promise<Record<string, string>> {
    const tables = await this.cluster.rows<{ name: string }>(
      `SELECT relname AS name FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p') AND NOT relispartition
       AND relname <> 'gateway_instance' ORDER BY 1`,
    );
    const digests: Record<string, string> = {};
    for (const { name } of tables) {
      const sql = `SELECT md5(coalesce(string_agg(row, E'\\n' ORDER BY row), '')) AS digest FROM (SELECT (to_jsonb(t) - 'last_used_at')::text AS row FROM "${name}" t) r WHERE row !~ '"action": "operator\\.(called|refused)"'`;
      const [row] = await this.cluster.rows<{ digest: string }>(sql);
      digests[name] = row?.digest ?? '';
    }
    return digests;
  }

  async stop(): Promise<void> {
    await this.cluster.stop();
    await this.drop();
  }
}

/** One organisation's things. */
export interface Resources {
  readonly tenant: ClusterTenant;
  /** By the name of a path parameter or a field. */
  readonly ids: Readonly<Record<string, string>>;
}

async function makeResources(cluster: Cluster): Promise<Resources> {
  const tenant = await cluster.tenant({});
  const at = `/organisations/${tenant.organisationId}`;
  const make = async (path: string, body: object): Promise<string> => (await cluster.ask<{ id: string }>('POST', path, body)).id;
  const { organisationId, projectId } = tenant;
  const credentialId = await make(`${at}/credentials`, { name: 'second', provider: 'stand_in', secret: `${SECRET_CANARY}-stored` });
  const routeId = await make(`${at}/routes`, { model: 'some-model', targets: [{ credentialId }] });
  const keyId = await make(`${at}/keys`, { name: 'second', projectId, scopes: ['usage:read'] });
  const webhookId = await make(`${at}/webhooks`, { url: 'https://hooks.example.com/lethe' });
  const deliveryId = await make(`${at}/webhooks/${webhookId}/test`, {});
  const budgetId = await make(`${at}/budgets`, { scope: 'organisation', kind: 'soft', period: 'daily', limit: '5' });
  const priceOverrideId = await make('/price-overrides', { model: `m-${organisationId}`, inputPerMillion: '1', outputPerMillion: '1' });
  await cluster.ask('PUT', `${at}/rate-limits/organisation/${organisationId}`, { requestsPerMinute: 10_000, tokensPerMinute: null });
  return {
    tenant,
    ids: {
      organisationId,
      projectId,
      credentialId,
      routeId,
      keyId,
      budgetId,
      webhookId,
      deliveryId,
      priceOverrideId,
      scope: 'organisation',
      scopeId: organisationId,
    },
  };
}

/** Says nothing it should not: no stack, no place in our code, and nothing of what was sent or stored. */
export function expectDiscreet(got: Got, what: string): void {
  const told = `${JSON.stringify(got.headers)}\n${got.text}`;
  expect(told, what).not.toMatch(/\n\s+at |node_modules|\.[jt]s:\d+|QueryFailed|typeorm|SELECT |INSERT /);
  expect(told, what).not.toContain(CANARY);
}

interface Problem {
  readonly status: number;
  readonly code: string;
  readonly requestId: string;
  readonly errors?: readonly { readonly field: string; readonly message: string }[];
}

/** A refusal of the admin API: RFC 9457, 4xx, discreet; with `field`, one of its errors names that field. */
export function expectProblem(got: Got, what: string, field?: string): Problem {
  expect(got.status, `${what}: ${got.text}`).toBeGreaterThanOrEqual(400);
  expect(got.status, `${what}: ${got.text}`).toBeLessThan(500);
  expect(got.headers['content-type'], what).toMatch(/^application\/problem\+json/);
  const problem = JSON.parse(got.text) as Problem;
  expect(problem, what).toMatchObject({
    status: got.status,
    code: expect.stringMatching(/^[a-z]+\/[a-z_]+$/),
    requestId: expect.any(String),
  });
  expectDiscreet(got, what);
  if (field !== undefined) {
    const named = problem.errors?.map((error) => error.field) ?? [];
    expect(
      named.some((name) => name === field || name.startsWith(`${field}.`) || name.startsWith(`${field}[`)),
      `${what} does not name ${field}: ${got.text}`,
    ).toBe(true);
  }
  return problem;
}

/** A refusal of the data plane in OpenAI's shape; with `param`, it names that field. */
export function expectOpenAiError(got: Got, what: string, status: number, param?: string | null): void {
  expect(got.status, `${what}: ${got.text}`).toBe(status);
  expect(got.headers['content-type'], what).toMatch(/^application\/json/);
  const { error } = JSON.parse(got.text) as { error: { message: string; type: string; param: string | null; code: string | null } };
  expect(error, what).toMatchObject({ message: expect.any(String), type: expect.any(String) });
  if (param !== undefined) expect(error.param, `${what}: ${got.text}`).toBe(param);
  expectDiscreet(got, what);
}
