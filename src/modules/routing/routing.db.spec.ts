import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Answer, ConfigurationApp } from '../../../test/harness/configuration.js';
import { type CredentialId, newId, type OrganisationId, type ProjectId, type RouteId } from '../../kernel/ids.js';
import { CredentialAdministration, CredentialDirectory } from '../credentials/credentials.contract.js';
import { CredentialsModule } from '../credentials/credentials.module.js';
import { RoutesRepository } from './data/routes.repository.js';
import { RouteAdministration, RoutePlanner, type RouteView } from './routing.contract.js';
import { RoutingModule } from './routing.module.js';

let lethe: ConfigurationApp;
let organisationId: OrganisationId;
let projectId: ProjectId;
let planner: RoutePlanner;
const actor = { kind: 'system', id: 'test' } as const;

beforeAll(async () => {
  lethe = await ConfigurationApp.start([CredentialsModule, RoutingModule]);
  planner = lethe.get(RoutePlanner);
  organisationId = await lethe.organisation();
  projectId = await lethe.project(organisationId);
});
afterAll(() => lethe.stop());

const path = (organisation: OrganisationId, rest = '') => `/organisations/${organisation}/routes${rest}`;
const caller = () => ({ organisationId, projectId });

async function credential(organisation = organisationId, baseUrl?: string): Promise<CredentialId> {
  const given = { name: newId(), provider: 'openai', secret: 'sk-only-for-tests-0123', ...(baseUrl ? { baseUrl } : {}) } as const;
  const { id } = await lethe.get(CredentialAdministration).issue(actor, organisation, given);
  await lethe.until(() => lethe.get(CredentialDirectory).find(id) !== null);
  return id;
}

async function create(body: object, organisation = organisationId): Promise<RouteView> {
  const answer = await lethe.request('POST', path(organisation), body);
  expect(answer.statusCode, answer.body).toBe(201);
  return answer.json<RouteView>();
}

const planned = (model: string, id: RouteId) => lethe.until(() => planner.plan(caller(), model)?.routeId === id);
const fieldsOf = (answer: Answer) => answer.json<{ errors: { field: string }[] }>().errors.map((error) => error.field);

describe('a route', () => {
  it('R3: leads to its targets in their order within a second of being made', async () => {
    const [first, second] = [await credential(), await credential(organisationId, 'https://eu.api.openai.com/v1')];
    const targets = [{ credentialId: first, upstreamModel: 'gpt-4o-2024-11-20' }, { credentialId: second }];
    const view = await create({ model: 'gpt-4o', targets });
    expect(view).toMatchObject({
      organisationId,
      projectId: null,
      model: 'gpt-4o',
      targets: [targets[0], { credentialId: second, upstreamModel: null }],
    });
    await planned('gpt-4o', view.id);
    expect(planner.plan(caller(), 'gpt-4o')).toEqual({
      routeId: view.id,
      pattern: 'gpt-4o',
      targets: [
        { credentialId: first, provider: 'openai', baseUrl: null, model: 'gpt-4o-2024-11-20' },
        { credentialId: second, provider: 'openai', baseUrl: 'https://eu.api.openai.com/v1', model: 'gpt-4o' },
      ],
    });
  });

  it('is replaced as a whole, its name and its targets included', async () => {
    const [first, second] = [await credential(), await credential()];
    const { id } = await create({ model: 'old-name', targets: [{ credentialId: first }, { credentialId: second }] });
    await planned('old-name', id);
    const answer = await lethe.request('PUT', path(organisationId, `/${id}`), {
      model: 'new-*',
      projectId,
      targets: [{ credentialId: second }],
    });
    expect(answer.json()).toMatchObject({ id, model: 'new-*', projectId, targets: [{ credentialId: second, upstreamModel: null }] });
    await planned('new-name', id);
    expect(planner.plan(caller(), 'old-name')).toBeNull();
    expect(planner.plan({ organisationId, projectId: newId() }, 'new-name')).toBeNull();
    expect(planner.plan(caller(), 'new-name')?.targets).toEqual([
      { credentialId: second, provider: 'openai', baseUrl: null, model: 'new-name' },
    ]);
    // One plan is kept per route: the next name must not get the one before.
    expect(planner.plan(caller(), 'new-other')?.targets[0]?.model).toBe('new-other');
    expect((await lethe.request('GET', path(organisationId, `/${id}`))).json()).toEqual(answer.json());
    const { rows } = await lethe.owner.query('SELECT action, detail FROM audit_event WHERE target_id = $1 ORDER BY id', [id]);
    expect(rows).toEqual([
      { action: 'route.created', detail: { projectId: null, credentialIds: [first, second] } },
      { action: 'route.replaced', detail: { projectId, credentialIds: [second] } },
    ]);
  });

  it('follows a change made to its targets alone', async () => {
    const [first, second] = [await credential(), await credential()];
    const { id } = await create({ model: 'by-hand', targets: [{ credentialId: first }] });
    await planned('by-hand', id);
    await lethe.owner.query('UPDATE route_target SET credential_id = $2 WHERE route_id = $1', [id, second]);
    await lethe.until(() => planner.plan(caller(), 'by-hand')?.targets[0]?.credentialId === second);
    await lethe.owner.query('DELETE FROM route_target WHERE route_id = $1', [id]);
    await lethe.until(() => planner.plan(caller(), 'by-hand')?.targets.length === 0);
  });

  it("leaves out a disabled credential at once, and does not slip to the operator's account when all are", async () => {
    const operator = await lethe.organisation('operator');
    await lethe.until(() => planner.plan({ organisationId: newId(), projectId: newId() }, 'x') === null);
    const fallback = await create({ model: 'fall*', targets: [{ credentialId: await credential(operator) }] }, operator);
    await planned('fallback', fallback.id);
    const [first, second] = [await credential(), await credential()];
    const { id } = await create({ model: 'fallback', targets: [{ credentialId: first }, { credentialId: second }] });
    await planned('fallback', id);
    const setStatus = (credentialId: CredentialId, status: string) =>
      lethe.request('PATCH', `/organisations/${organisationId}/credentials/${credentialId}`, { status });
    await setStatus(first, 'disabled');
    await lethe.until(() => planner.plan(caller(), 'fallback')?.targets.length === 1);
    await setStatus(second, 'disabled');
    await lethe.until(() => planner.plan(caller(), 'fallback')?.targets.length === 0);
    expect(planner.plan(caller(), 'fallback')?.routeId).toBe(id);
    expect(planner.models(caller())).toContain('fall*');
    expect(planner.models(caller())).not.toContain('fallback');
    await setStatus(first, 'active');
    await lethe.until(() => planner.plan(caller(), 'fallback')?.targets[0]?.credentialId === first);
    expect((await lethe.request('DELETE', path(organisationId, `/${id}`))).statusCode).toBe(204);
    await planned('fallback', fallback.id);
    expect((await lethe.request('GET', path(organisationId, `/${id}`))).json()).toMatchObject({ code: 'routing/not_found' });
  });

  it('lists the names a caller can ask for, sorted and once', async () => {
    const organisation = await lethe.organisation();
    const [project, other] = [await lethe.project(organisation), await lethe.project(organisation)];
    const targets = [{ credentialId: await credential(organisation) }];
    for (const body of [{ model: 'b' }, { model: 'a*' }, { model: 'b', projectId: project }, { model: 'c', projectId: other }]) {
      await create({ ...body, targets }, organisation);
    }
    await lethe.until(() => planner.models({ organisationId: organisation, projectId: other }).includes('c'));
    expect(planner.models({ organisationId: organisation, projectId: project }).filter((name) => name !== 'fall*')).toEqual(['a*', 'b']);
  });

  it('is listed page by page', async () => {
    const organisation = await lethe.organisation();
    const targets = [{ credentialId: await credential(organisation) }];
    const made = [await create({ model: 'a', targets }, organisation), await create({ model: 'b', targets }, organisation)];
    const first = (await lethe.request('GET', path(organisation, '?limit=1'))).json<{ data: RouteView[]; nextCursor: string }>();
    const second = (await lethe.request('GET', path(organisation, `?cursor=${first.nextCursor}`))).json<{ data: RouteView[] }>();
    expect([...first.data, ...second.data]).toEqual(made);
    expect(await lethe.get(RouteAdministration).list(organisation)).toHaveLength(2);
  });

  it('is refused with the name of each wrong field', async () => {
    const credentialId = await credential();
    const foreign = await credential(await lethe.organisation());
    const post = (body: object) => lethe.request('POST', path(organisationId), body);
    expect(fieldsOf(await post({ model: 'm', targets: [{ credentialId }, { credentialId: foreign }] }))).toEqual([
      'targets[1].credentialId',
    ]);
    expect(fieldsOf(await post({ model: 'g*t', targets: [{ credentialId: 'x' }] }))).toEqual(['model', 'targets[0].credentialId']);
    expect(fieldsOf(await post({ model: 'm', targets: [] }))).toEqual(['targets']);
    expect((await post({ model: 'm', projectId: newId(), targets: [{ credentialId }] })).json()).toMatchObject({
      code: 'tenants/project_not_found',
    });
    expect((await lethe.request('POST', path(newId()), { model: 'm', targets: [{ credentialId }] })).json()).toMatchObject({
      code: 'tenants/organisation_not_found',
    });
    await create({ model: 'taken', targets: [{ credentialId }] });
    expect((await post({ model: 'taken', targets: [{ credentialId }] })).json()).toMatchObject({
      status: 409,
      code: 'routing/model_taken',
    });
    await create({ model: 'taken', projectId, targets: [{ credentialId }] });
  });

  it('two replacements at once leave the targets of one of them', async () => {
    const [first, second] = [await credential(), await credential()];
    const { id } = await create({ model: 'contended', targets: [{ credentialId: first }] });
    const put = (credentialId: CredentialId) =>
      lethe.request('PUT', path(organisationId, `/${id}`), {
        model: 'contended',
        targets: [{ credentialId }, { credentialId, upstreamModel: 'm' }],
      });
    const answers = await Promise.all([first, second, first, second].map(put));
    expect(answers.map((answer) => answer.statusCode)).toEqual([200, 200, 200, 200]);
    const { targets } = (await lethe.request('GET', path(organisationId, `/${id}`))).json<RouteView>();
    expect(targets).toHaveLength(2);
    expect(targets[0]?.credentialId).toBe(targets[1]?.credentialId);
  });
});

describe('isolation of tenants', () => {
  it("A3: the repository neither shows nor changes another tenant's route", async () => {
    const repository = lethe.get(RoutesRepository);
    const targets = [{ credentialId: await credential(), upstreamModel: null }];
    const view = await create({ model: 'mine', targets });
    const { id } = view;
    const before = await lethe.unitOfWork.asSystem((tx) => repository.anyById(tx, id));
    const targetId = before?.targets[0]?.id;
    const stranger = await lethe.organisation();
    await lethe.unitOfWork.forOrganisation(stranger, async (tx) => {
      for (const claimed of [stranger, organisationId]) {
        expect(await repository.find(tx, claimed, id)).toBeNull();
        expect(await repository.list(tx, claimed)).toEqual([]);
        expect(await repository.replace(tx, { ...view, organisationId: claimed, model: 'stolen', updatedAt: new Date(0) })).toBe(false);
        expect(await repository.delete(tx, claimed, id)).toBe(false);
      }
      expect(await repository.all(tx)).toEqual([]);
      expect(await repository.anyById(tx, id)).toBeNull();
      if (targetId) expect(await repository.routeOfTarget(tx, targetId)).toBeNull();
    });
    const planted = { ...view, id: newId<RouteId>(), model: 'planted', createdAt: new Date(0), updatedAt: new Date(0) };
    await expect(lethe.unitOfWork.forOrganisation(stranger, (tx) => repository.insert(tx, planted))).rejects.toMatchObject({
      driverError: { code: '42501' },
    });
    expect(await lethe.unitOfWork.asSystem((tx) => repository.anyById(tx, id))).toEqual(before);
    for (const method of ['GET', 'DELETE'] as const) expect((await lethe.request(method, path(stranger, `/${id}`))).statusCode).toBe(404);
  });
});
