import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Answer, ConfigurationApp } from '../../../test/harness/configuration.js';
import { type CredentialId, newId, type OrganisationId } from '../../kernel/ids.js';
import { CredentialAdministration, CredentialDirectory, CredentialVault, type CredentialView } from './credentials.contract.js';
import { CredentialsModule } from './credentials.module.js';
import { CredentialsRepository } from './data/credentials.repository.js';
import { type CredentialRow, ProviderCredential } from './data/provider-credential.entity.js';

const SECRET = 'sk-proj-Kp7vNq2xT9wLm4RzYb8cHd6e';
const SECOND = 'sk-proj-Zz1yXx2wVv3uTt4sRr5qPp6o';

let lethe: ConfigurationApp;
let organisationId: OrganisationId;
const seen: string[] = [];

beforeAll(async () => {
  lethe = await ConfigurationApp.start([CredentialsModule]);
  organisationId = await lethe.organisation();
});
afterAll(() => lethe.stop());

async function call(method: 'GET' | 'POST' | 'PATCH' | 'DELETE', path: string, body?: object): Promise<Answer> {
  const answer = await lethe.request(method, path, body);
  seen.push(answer.body, JSON.stringify(answer.headers));
  return answer;
}

const path = (organisation: OrganisationId, rest = '') => `/organisations/${organisation}/credentials${rest}`;
const names = { count: 0 };
const aCredential = (more: object = {}) => ({ name: `c${(names.count += 1)}`, provider: 'openai', secret: SECRET, ...more });

async function issue(more: object = {}, organisation = organisationId): Promise<CredentialView> {
  const answer = await call('POST', path(organisation), aCredential(more));
  expect(answer.statusCode, answer.body).toBe(201);
  const view = answer.json<CredentialView>();
  await lethe.until(() => lethe.get(CredentialDirectory).find(view.id) !== null);
  return view;
}

const open = async (id: CredentialId): Promise<string> => lethe.get(CredentialVault).open(id);
const row = async (id: CredentialId): Promise<CredentialRow> =>
  lethe.unitOfWork.asSystem((tx) => tx.findOneByOrFail(ProviderCredential, { id }));
const auditOf = async (id: CredentialId): Promise<string[]> => {
  const { rows } = await lethe.owner.query<{ action: string }>('SELECT action FROM audit_event WHERE target_id = $1 ORDER BY id', [id]);
  return rows.map((each) => each.action);
};

describe('a credential', () => {
  it('K1: is issued, found in memory within a second, and opens to its secret', async () => {
    const view = await issue({ baseUrl: 'https://eu.api.openai.com/v1/' });
    expect(view).toMatchObject({
      organisationId,
      provider: 'openai',
      baseUrl: 'https://eu.api.openai.com/v1',
      status: 'active',
      version: 1,
      hint: '…Hd6e',
    });
    expect(Object.keys(view)).not.toContain('secret');
    expect(lethe.get(CredentialDirectory).find(view.id)).toEqual({
      id: view.id,
      organisationId,
      provider: 'openai',
      baseUrl: 'https://eu.api.openai.com/v1',
      active: true,
    });
    expect(await open(view.id)).toBe(SECRET);
    expect(await auditOf(view.id)).toEqual(['credential.issued']);
  });

  it('is listed page by page and shown one by one', async () => {
    const organisation = await lethe.organisation();
    const issued = [await issue({}, organisation), await issue({}, organisation), await issue({}, organisation)];
    const first = (await call('GET', path(organisation, '?limit=2'))).json<{ data: CredentialView[]; nextCursor: string }>();
    const second = (await call('GET', path(organisation, `?cursor=${first.nextCursor}`))).json<{
      data: CredentialView[];
      nextCursor: null;
    }>();
    expect([...first.data, ...second.data]).toEqual(issued);
    expect(second.nextCursor).toBeNull();
    expect((await call('GET', path(organisation, `/${issued[0]?.id}`))).json()).toEqual(issued[0]);
    expect(await lethe.get(CredentialAdministration).list(organisation)).toHaveLength(3);
  });

  it('K3: after a rotation opens to the new secret, while whoever opened it before still holds the old one', async () => {
    const { id } = await issue();
    const held = await open(id);
    const answer = await call('POST', path(organisationId, `/${id}/rotate`), { secret: SECOND });
    expect(answer.statusCode).toBe(200);
    expect(answer.json()).toMatchObject({ id, version: 2, hint: '…Pp6o' });
    await lethe.until(async () => (await open(id)) === SECOND);
    expect(held).toBe(SECRET);
    expect(await auditOf(id)).toEqual(['credential.issued', 'credential.rotated']);
  });

  it('K3: of two rotations at once one is refused, and what is stored opens', async () => {
    const { id } = await issue();
    const answers = await Promise.all(
      [SECOND, `${SECOND}-other`].map((secret) => call('POST', path(organisationId, `/${id}/rotate`), { secret })),
    );
    const codes = answers.map((answer) => answer.statusCode).sort((a, b) => a - b);
    expect([
      [200, 200],
      [200, 409],
    ]).toContainEqual(codes);
    if (codes[1] === 409)
      expect(answers.find((answer) => answer.statusCode === 409)?.json()).toMatchObject({ code: 'credentials/changed_meanwhile' });
    await lethe.until(async () => (await open(id)).startsWith(SECOND));
  });

  it('K3: a rotation that started from an older version is not written', async () => {
    const { id } = await issue();
    const stale = await row(id);
    await call('POST', path(organisationId, `/${id}/rotate`), { secret: SECOND });
    const repository = lethe.get(CredentialsRepository);
    const late = { ...stale, version: stale.version + 1, ciphertext: Buffer.alloc(40) };
    expect(await lethe.unitOfWork.forOrganisation(organisationId, (tx) => repository.replaceSecret(tx, late))).toBe(false);
    await lethe.until(async () => (await open(id)) === SECOND);
  });

  it('K1: an older secret put back into the row does not open', async () => {
    const { id } = await issue();
    const { wrappedKey, ciphertext } = await row(id);
    await call('POST', path(organisationId, `/${id}/rotate`), { secret: SECOND });
    await lethe.owner.query('UPDATE provider_credential SET wrapped_key = $2, ciphertext = $3 WHERE id = $1', [id, wrappedKey, ciphertext]);
    await lethe.until(async () => (await open(id).catch((error: { code: string }) => error.code)) === 'credentials/secret_unreadable');
  });

  it('is renamed, disabled and enabled; while disabled it is not opened', async () => {
    const { id } = await issue();
    await open(id);
    const changed = await call('PATCH', path(organisationId, `/${id}`), { name: 'spare', status: 'disabled' });
    expect(changed.json()).toMatchObject({ name: 'spare', status: 'disabled' });
    await lethe.until(() => lethe.get(CredentialDirectory).find(id)?.active === false);
    await expect(open(id)).rejects.toMatchObject({ code: 'credentials/disabled' });
    await call('PATCH', path(organisationId, `/${id}`), { status: 'active' });
    await lethe.until(() => lethe.get(CredentialDirectory).find(id)?.active === true);
    expect(await open(id)).toBe(SECRET);
    expect(await auditOf(id)).toEqual(['credential.issued', 'credential.changed', 'credential.changed']);
    expect((await call('PATCH', path(organisationId, `/${id}`), {})).statusCode).toBe(400);
  });

  it('is deleted with its secret, and no longer found', async () => {
    const { id } = await issue();
    await open(id);
    expect((await call('DELETE', path(organisationId, `/${id}`))).statusCode).toBe(204);
    await lethe.until(() => lethe.get(CredentialDirectory).find(id) === null);
    await expect(open(id)).rejects.toMatchObject({ code: 'credentials/not_found' });
    expect((await call('GET', path(organisationId, `/${id}`))).statusCode).toBe(404);
    expect(await auditOf(id)).toEqual(['credential.issued', 'credential.deleted']);
  });

  it('is not deleted while a route uses it', async () => {
    const { id } = await issue();
    const routeId = newId();
    await lethe.owner.query(`INSERT INTO route VALUES ($1, $2, NULL, 'gpt-x', now(), now())`, [routeId, organisationId]);
    await lethe.owner.query(`INSERT INTO route_target VALUES ($1, $2, $3, 0, $4, NULL)`, [newId(), organisationId, routeId, id]);
    const answer = await call('DELETE', path(organisationId, `/${id}`));
    expect(answer.statusCode).toBe(409);
    expect(answer.json()).toMatchObject({ code: 'credentials/in_use' });
    expect(await auditOf(id)).toEqual(['credential.issued']);
  });

  it.each([
    [{ name: '' }, 'name'],
    [{ provider: 'acme' }, 'provider'],
    [{ secret: 'too-few' }, 'secret'],
    [{ secret: `${SECRET} ` }, 'secret'],
    [{ provider: 'openai_compatible' }, 'baseUrl'],
    [{ provider: 'stand_in', baseUrl: 'http://127.0.0.1:1' }, 'baseUrl'],
    [{ baseUrl: 'http://169.254.169.254' }, 'baseUrl'],
    [{ status: 'active' }, 'status'],
  ])('is refused with the name of the wrong field (%#)', async (wrong, field) => {
    const answer = await call('POST', path(organisationId), aCredential(wrong));
    expect(answer.statusCode).toBe(400);
    expect(answer.json<{ errors: { field: string }[] }>().errors.map((error) => error.field)).toEqual([field]);
  });

  it('is refused a name that is taken, and an organisation that does not exist', async () => {
    const { name } = await issue();
    expect((await call('POST', path(organisationId), aCredential({ name }))).json()).toMatchObject({
      status: 409,
      code: 'credentials/name_taken',
    });
    expect((await call('POST', path(newId()), aCredential())).json()).toMatchObject({
      status: 404,
      code: 'tenants/organisation_not_found',
    });
  });
});

describe('isolation of tenants', () => {
  it('K1: a row copied to another organisation does not decrypt', async () => {
    const { id } = await issue();
    const other = await lethe.organisation();
    const copy = newId<CredentialId>();
    await lethe.owner.query(
      `INSERT INTO provider_credential SELECT $2, $3, name, provider, base_url, version, hint, format_version, kms_key_id, wrapped_key, ciphertext, status, now(), now()
       FROM provider_credential WHERE id = $1`,
      [id, copy, other],
    );
    await lethe.owner.query('UPDATE provider_credential SET organisation_id = $2, name = $3 WHERE id = $1', [id, other, 'moved']);
    await lethe.until(
      () => lethe.get(CredentialDirectory).find(copy) !== null && lethe.get(CredentialDirectory).find(id)?.organisationId === other,
    );
    await expect(open(copy)).rejects.toMatchObject({ code: 'credentials/secret_unreadable' });
    await expect(open(id)).rejects.toMatchObject({ code: 'credentials/secret_unreadable' });
  });

  it('K1: two rows that swap their secrets open to neither', async () => {
    const [one, two] = [await issue(), await issue({ secret: SECOND })];
    const [first, second] = [await row(one.id), await row(two.id)];
    const put = 'UPDATE provider_credential SET wrapped_key = $2, ciphertext = $3 WHERE id = $1';
    await lethe.owner.query(put, [one.id, second.wrappedKey, second.ciphertext]);
    await lethe.owner.query(put, [two.id, first.wrappedKey, first.ciphertext]);
    const failure = (id: CredentialId) => open(id).catch((error: { code: string }) => error.code);
    for (const { id } of [one, two]) await lethe.until(async () => (await failure(id)) === 'credentials/secret_unreadable');
  });

  it("A3: the repository neither shows nor changes another tenant's credential", async () => {
    const repository = lethe.get(CredentialsRepository);
    const { id } = await issue();
    const before = await row(id);
    const stranger = await lethe.organisation();
    await lethe.unitOfWork.forOrganisation(stranger, async (tx) => {
      // Both the code's own filter and, where the code is made to name the owner, row-level security.
      for (const claimed of [stranger, organisationId]) {
        expect(await repository.find(tx, claimed, id)).toBeNull();
        expect(await repository.list(tx, claimed)).toEqual([]);
        expect(await repository.existing(tx, claimed, [id])).toEqual(new Set());
        expect(await repository.update(tx, { organisationId: claimed, id }, { status: 'disabled' })).toBe(false);
        expect(await repository.replaceSecret(tx, { ...before, organisationId: claimed, version: 2 })).toBe(false);
        expect(await repository.delete(tx, claimed, id)).toBe(false);
      }
      expect(await repository.all(tx)).toEqual([]);
      expect(await repository.anyById(tx, id)).toBeNull();
      expect(await repository.wrappedOtherwise(tx, 'another', {})).toEqual([]);
      expect(await repository.replaceWrappedKey(tx, before, { kmsKeyId: 'x', wrappedKey: Buffer.of(1) })).toBe(false);
    });
    await expect(
      lethe.unitOfWork.forOrganisation(stranger, (tx) => repository.insert(tx, { ...before, id: newId(), name: 'planted' })),
    ).rejects.toMatchObject({ driverError: { code: '42501' } });
    expect(await row(id)).toEqual(before);
    for (const method of ['GET', 'DELETE'] as const) expect((await call(method, path(stranger, `/${id}`))).statusCode).toBe(404);
  });
});

describe('what is left behind', () => {
  it('K2: no answer, log line or row holds a secret, in any encoding', async () => {
    const { rows } = await lethe.owner.query<{ name: string }>(
      `SELECT quote_ident(relname) AS name FROM pg_class WHERE relkind IN ('r', 'p') AND relnamespace = 'public'::regnamespace`,
    );
    const dumps = await Promise.all(
      rows.map(async ({ name }) => JSON.stringify((await lethe.owner.query(`SELECT t::text FROM ${name} t`)).rows)),
    );
    const stores = [...dumps, ...seen, ...lethe.lines];
    expect(stores.length).toBeGreaterThan(50);
    for (const secret of [SECRET, SECOND]) {
      const middle = secret.slice(3, -4);
      const forms = [middle, Buffer.from(middle).toString('hex'), Buffer.from(secret).toString('base64').slice(0, 24)];
      for (const form of forms) expect(stores.filter((text) => text.includes(form))).toEqual([]);
    }
  });
});
