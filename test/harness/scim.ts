import { newId, type OrganisationId } from '../../src/kernel/ids.js';
import type { TestLethe } from './app.js';

export interface ScimAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: ScimBody;
}

/** What of an answer the tests look at. */
export interface ScimBody extends Record<string, unknown> {
  readonly id: string;
  readonly detail: string;
  readonly totalResults: number;
  readonly Resources: readonly ScimBody[];
  readonly members: readonly { readonly value: string; readonly display: string }[];
}

export const USER = 'urn:ietf:params:scim:schemas:core:2.0:User';
export const GROUP = 'urn:ietf:params:scim:schemas:core:2.0:Group';
export const PATCH = 'urn:ietf:params:scim:api:messages:2.0:PatchOp';

/** A directory as Entra ID or Okta would be one: it has a token and calls the SCIM API. */
export class TestDirectory {
  private constructor(
    private readonly lethe: TestLethe,
    readonly organisationId: OrganisationId,
    /** An e-mail domain the organisation has proven. */
    readonly domain: string,
    private readonly made: { readonly secret: string; readonly id: string },
  ) {}

  get token(): string {
    return this.made.secret;
  }

  get tokenId(): string {
    return this.made.id;
  }

  static async of(lethe: TestLethe): Promise<TestDirectory> {
    const { organisationId } = await lethe.tenant({ route: false });
    const domain = `d${organisationId.slice(-12)}.test`;
    await proveDomain(lethe, organisationId, domain);
    const { status, body } = await lethe.api<{ secret: string; id: string }>('POST', `/organisations/${organisationId}/scim-tokens`, {
      name: 'Entra ID',
    });
    if (status !== 201) throw new Error(`no token was made: ${status} ${JSON.stringify(body)}`);
    return new TestDirectory(lethe, organisationId, domain, body);
  }

  /** An address in the organisation's domain. */
  address(name: string): string {
    return `${name}@${this.domain}`;
  }

  /** A string goes as it is. */
  async call(method: string, path: string, body?: unknown, headers: Readonly<Record<string, string>> = {}): Promise<ScimAnswer> {
    const response = await fetch(`${this.lethe.url}/scim/v2${path}`, {
      method,
      headers: {
        authorization: `Bearer ${this.token}`,
        ...(body === undefined ? {} : { 'content-type': 'application/scim+json' }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
    const text = await response.text();
    return { status: response.status, headers: response.headers, body: (text === '' ? {} : JSON.parse(text)) as ScimBody };
  }

  createUser(name: string, more: Readonly<Record<string, unknown>> = {}): Promise<ScimAnswer> {
    return this.call('POST', '/Users', { schemas: [USER], userName: this.address(name), active: true, ...more });
  }

  createGroup(displayName: string, userIds: readonly string[] = []): Promise<ScimAnswer> {
    return this.call('POST', '/Groups', { schemas: [GROUP], displayName, members: userIds.map((value) => ({ value })) });
  }

  patch(path: string, ...operations: unknown[]): Promise<ScimAnswer> {
    return this.call('PATCH', path, { schemas: [PATCH], Operations: operations });
  }

  /** What the members of a group are, as the operator says for the organisation. */
  async mapRole(groupId: string, role: string | null): Promise<number> {
    return (await this.lethe.api('PATCH', `/organisations/${this.organisationId}/directory-groups/${groupId}`, { role })).status;
  }
}

/** Makes a domain an organisation's proven one, past DNS. */
export async function proveDomain(lethe: TestLethe, organisationId: string, domain: string): Promise<void> {
  await lethe.rows(
    `INSERT INTO captured_domain (id, organisation_id, domain, challenge, sso_required, verified_at, created_at)
     VALUES ($1, $2, $3, 'challenge', false, now(), now())`,
    [newId(), organisationId, domain],
  );
}
