import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Replica, startReplica } from '../../../../test/harness/module-context.js';
import { createTestDatabase, type TestDatabase } from '../../../../test/harness/postgres.js';
import { newId, type OrganisationId, type ProjectId } from '../../../kernel/ids.js';
import { type Tx, UnitOfWork } from '../../../platform/database/unit-of-work.js';
import { OrganisationsRepository } from '../data/organisations.repository.js';
import { ProjectsRepository } from '../data/projects.repository.js';
import { OrganisationAdministration, type OrganisationSummary, type ProjectSummary, Tenants } from '../tenants.contract.js';
import { CreateOrganisation } from './create-organisation.js';
import { CreateProject } from './create-project.js';
import { ReadTenants } from './read-tenants.js';
import { UpdateOrganisation } from './update-organisation.js';
import { UpdateProject } from './update-project.js';

const actor = { kind: 'system', id: 'test' } as const;
let counter = 0;

describe('tenants', () => {
  let database: TestDatabase;
  let owner: pg.Pool;
  let replica: Replica;

  beforeAll(async () => {
    database = await createTestDatabase();
    owner = new pg.Pool({ connectionString: database.url });
    replica = await startReplica(database.url);
  });

  afterAll(async () => {
    await replica.close();
    await owner.end();
    await database.drop();
  });

  function organisation(slug = `acme-${(counter += 1)}`): Promise<OrganisationSummary> {
    return replica.app.get(CreateOrganisation).run({ slug, name: 'Acme', kind: 'customer' }, actor);
  }

  function project(organisationId: OrganisationId, name = 'main'): Promise<ProjectSummary> {
    return replica.app.get(CreateProject).run({ organisationId, name }, actor);
  }

  async function actions(targetId: string): Promise<string[]> {
    const { rows } = await owner.query<{ action: string }>('SELECT action FROM audit_event WHERE target_id = $1 ORDER BY id', [targetId]);
    return rows.map(({ action }) => action);
  }

  async function eventually(check: () => boolean): Promise<void> {
    const deadline = performance.now() + 1_000;
    while (!check()) {
      if (performance.now() > deadline) throw new Error('not within a second');
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }

  it('an organisation has at most 1,000 projects, also when two are made at once', async () => {
    const { id } = await organisation();
    // Not announced: a thousand notices would keep the replica of the other tests busy.
    await owner.query('ALTER TABLE project DISABLE TRIGGER announce');
    await owner.query(
      `INSERT INTO project (id, organisation_id, name, status, created_at, updated_at)
       SELECT gen_random_uuid(), $1, n::text, 'archived', now(), now() FROM generate_series(1, 999) AS n`,
      [id],
    );
    await owner.query('ALTER TABLE project ENABLE TRIGGER announce');
    const made = await Promise.allSettled([project(id, 'one'), project(id, 'two')]);
    expect(made.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    await expect(project(id, 'three')).rejects.toMatchObject({ code: 'tenants/too_many_projects', details: { limit: 1_000 } });
  });

  it('every change commits its audit row, and a change to what already is writes none', async () => {
    const { id } = await organisation();
    const updates = replica.app.get(UpdateOrganisation);
    await updates.run(id, { name: 'Acme' }, actor);
    await updates.run(id, {}, actor);
    expect(await updates.run(id, { name: 'Acme Ltd', status: 'suspended' }, actor)).toMatchObject({
      name: 'Acme Ltd',
      status: 'suspended',
    });
    await updates.run(id, { status: 'active' }, actor);
    expect(await actions(id)).toEqual([
      'organisation.created',
      'organisation.renamed',
      'organisation.suspended',
      'organisation.reactivated',
    ]);
    const main = await project(id);
    await replica.app.get(UpdateProject).run({ organisationId: id, id: main.id }, { name: 'prod', status: 'archived' }, actor);
    expect(await actions(main.id)).toEqual(['project.created', 'project.renamed', 'project.archived']);
  });

  it('refuses a slug that is taken or is none, and a project name that is taken', async () => {
    const taken = await organisation();
    await expect(organisation(taken.slug)).rejects.toMatchObject({ code: 'tenants/slug_taken', status: 409 });
    for (const slug of ['', 'A', '-a', 'a-', 'a b', 'é', 'a'.repeat(64)]) {
      await expect(organisation(slug)).rejects.toMatchObject({ details: { errors: [{ field: 'slug' }] } });
    }
    await project(taken.id, 'one');
    await expect(project(taken.id, 'one')).rejects.toMatchObject({ code: 'tenants/project_name_taken', status: 409 });
    const two = await project(taken.id, 'two');
    const rename = replica.app.get(UpdateProject).run({ organisationId: taken.id, id: two.id }, { name: 'one' }, actor);
    await expect(rename).rejects.toMatchObject({ code: 'tenants/project_name_taken' });
    await expect(project((await organisation()).id, 'one')).resolves.toBeDefined();
  });

  it('a refused change leaves no audit row', async () => {
    const taken = await organisation();
    const { rows: before } = await owner.query('SELECT count(*) FROM audit_event');
    await expect(organisation(taken.slug)).rejects.toThrow();
    await expect(project(newId())).rejects.toMatchObject({ code: 'tenants/organisation_not_found' });
    const { rows: after } = await owner.query('SELECT count(*) FROM audit_event');
    expect(after).toEqual(before);
  });

  it('there is one operator organisation at most, it cannot be suspended, and memory knows it', async () => {
    const administration = replica.app.get(OrganisationAdministration);
    expect(await administration.findOperatorOrganisation()).toBeNull();
    const { id } = await administration.createOrganisation({ slug: 'operator', name: 'Operator', kind: 'operator' }, actor);
    const second = administration.createOrganisation({ slug: 'second', name: 'Second', kind: 'operator' }, actor);
    await expect(second).rejects.toMatchObject({ code: 'tenants/operator_exists' });
    const suspension = replica.app.get(UpdateOrganisation).run(id, { status: 'suspended' }, actor);
    await expect(suspension).rejects.toMatchObject({ code: 'tenants/operator_cannot_be_suspended' });
    await eventually(() => replica.app.get(Tenants).operatorOrganisation() === id);
    expect((await administration.findOrganisation('operator'))?.id).toBe(id);
  });

  it('memory follows suspension and archiving within a second, and does not mix up owners', async () => {
    const tenants = replica.app.get(Tenants);
    const [mine, other] = [await organisation(), await organisation()];
    const main = await project(mine.id);
    await eventually(() => tenants.isActive(mine.id, main.id));
    expect(tenants.isActive(other.id, main.id)).toBe(false);
    expect(tenants.isActive(mine.id, newId())).toBe(false);
    await replica.app.get(UpdateOrganisation).run(mine.id, { status: 'suspended' }, actor);
    await eventually(() => !tenants.isActive(mine.id, main.id));
    await replica.app.get(UpdateOrganisation).run(mine.id, { status: 'active' }, actor);
    await eventually(() => tenants.isActive(mine.id, main.id));
    await replica.app.get(UpdateProject).run({ organisationId: mine.id, id: main.id }, { status: 'archived' }, actor);
    await eventually(() => !tenants.isActive(mine.id, main.id));
  });

  it('refresh makes a new tenant known before its announcement is', async () => {
    const silent = await startReplica(database.url, { withoutFeed: true });
    const mine = await organisation();
    const main = await project(mine.id);
    const tenants = silent.app.get(Tenants);
    expect(tenants.isActive(mine.id, main.id)).toBe(false);
    await tenants.refresh(mine.id, main.id);
    expect(tenants.isActive(mine.id, main.id)).toBe(true);
    await silent.close();
  });

  it('lists in the order things were made, from a position', async () => {
    const mine = await organisation();
    const made = [];
    for (const name of ['a', 'b', 'c']) made.push((await project(mine.id, name)).id);
    const read = replica.app.get(ReadTenants);
    expect((await read.listProjects(mine.id, undefined, 10)).map(({ id }) => id)).toEqual(made);
    expect((await read.listProjects(mine.id, made[0], 1)).map(({ id }) => id)).toEqual([made[1]]);
    expect((await read.listOrganisations(undefined, undefined, 200)).some(({ id }) => id === mine.id)).toBe(true);
    expect((await read.listOrganisations(mine.id, undefined, 200)).map(({ id }) => id)).toEqual([mine.id]);
  });

  describe('A3: another organisation is refused', () => {
    let mine: OrganisationSummary;
    let foreign: OrganisationSummary;
    let foreignProject: ProjectId;
    const organisations = new OrganisationsRepository();
    const projects = new ProjectsRepository();

    beforeAll(async () => {
      mine = await organisation();
      foreign = await organisation();
      foreignProject = (await project(foreign.id)).id;
    });

    function asMine<T>(work: (tx: Tx) => Promise<T>): Promise<T> {
      return replica.app.get(UnitOfWork).forOrganisation(mine.id, work);
    }

    it('by the organisations repository', async () => {
      await asMine(async (tx) => {
        expect(await organisations.find(tx, foreign.id)).toBeNull();
        expect(await organisations.findBySlug(tx, foreign.slug)).toBeNull();
        expect(await organisations.lock(tx, foreign.id)).toBeNull();
        expect((await organisations.list(tx, undefined, 100)).map(({ id }) => id)).toEqual([mine.id]);
        expect(await organisations.states(tx, foreign.id)).toEqual([]);
        await organisations.update(tx, { ...foreign, name: 'taken over' });
      });
      const { rows } = await owner.query('SELECT name FROM organisation WHERE id = $1', [foreign.id]);
      expect(rows).toEqual([{ name: 'Acme' }]);
      const insert = asMine((tx) => organisations.insert(tx, { ...foreign, id: newId(), slug: 'planted' }));
      await expect(insert).rejects.toThrow(/row-level security/);
    });

    it('by the projects repository', async () => {
      await asMine(async (tx) => {
        expect(await projects.find(tx, foreign.id, foreignProject)).toBeNull();
        expect(await projects.find(tx, mine.id, foreignProject)).toBeNull();
        expect(await projects.findByName(tx, foreign.id, 'main')).toBeNull();
        expect(await projects.lock(tx, foreign.id, foreignProject)).toBeNull();
        expect(await projects.list(tx, foreign.id, undefined, 100)).toEqual([]);
        expect(await projects.states(tx, foreignProject)).toEqual([]);
      });
      const now = new Date();
      const planted = {
        id: newId<ProjectId>(),
        organisationId: foreign.id,
        name: 'planted',
        status: 'active',
        createdAt: now,
        updatedAt: now,
      } as const;
      await expect(asMine((tx) => projects.insert(tx, planted))).rejects.toThrow(/row-level security/);
    });

    it('by what the contract demands of a transaction', async () => {
      const tenants = replica.app.get(Tenants);
      await asMine(async (tx) => {
        await tenants.requireOrganisation(tx, mine.id);
        await expect(tenants.requireOrganisation(tx, foreign.id)).rejects.toMatchObject({ code: 'tenants/organisation_not_found' });
        await expect(tenants.requireProject(tx, foreign.id, foreignProject)).rejects.toMatchObject({ code: 'tenants/project_not_found' });
        await expect(tenants.requireProject(tx, mine.id, foreignProject)).rejects.toMatchObject({ code: 'tenants/project_not_found' });
      });
    });
  });
});
