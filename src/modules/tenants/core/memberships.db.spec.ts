import pg from 'pg';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type Replica, startReplica } from '../../../../test/harness/module-context.js';
import { createTestDatabase, type TestDatabase } from '../../../../test/harness/postgres.js';
import { type AccountId, newId, type OrganisationId } from '../../../kernel/ids.js';
import { type Tx, UnitOfWork } from '../../../platform/database/unit-of-work.js';
import type { OrganisationRole } from '../../../platform/http/permissions.js';
import { MembershipsRepository } from '../data/memberships.repository.js';
import { Memberships, OrganisationAdministration } from '../tenants.contract.js';

const actor = { kind: 'system', id: 'test' } as const;
let counter = 0;

describe('memberships', () => {
  let database: TestDatabase;
  let owner: pg.Pool;
  let replica: Replica;
  let memberships: Memberships;
  let acme: OrganisationId;

  beforeAll(async () => {
    database = await createTestDatabase();
    owner = new pg.Pool({ connectionString: database.url });
    replica = await startReplica(database.url);
    memberships = replica.app.get(Memberships);
  });

  beforeEach(async () => {
    acme = await organisation();
  });

  afterAll(async () => {
    await replica.close();
    await owner.end();
    await database.drop();
  });

  async function organisation(): Promise<OrganisationId> {
    const command = { slug: `org-${(counter += 1)}`, name: 'Acme', kind: 'customer' } as const;
    return (await replica.app.get(OrganisationAdministration).createOrganisation(command, actor)).id;
  }

  function inside<T>(organisationId: OrganisationId, work: (tx: Tx) => Promise<T>): Promise<T> {
    return replica.app.get(UnitOfWork).forOrganisation(organisationId, work);
  }

  async function member(role: OrganisationRole, organisationId = acme): Promise<AccountId> {
    const accountId = await account();
    await inside(organisationId, (tx) => memberships.add(tx, { organisationId, accountId, role, source: 'invitation' }, actor));
    return accountId;
  }

  async function account(): Promise<AccountId> {
    const id = newId<AccountId>();
    await owner.query(`INSERT INTO account (id, locale, status, created_at, updated_at) VALUES ($1, 'en', 'active', now(), now())`, [id]);
    return id;
  }

  function remove(accountId: AccountId): Promise<void> {
    return inside(acme, (tx) => memberships.remove(tx, { organisationId: acme, accountId }, actor));
  }

  function change(accountId: AccountId, role: OrganisationRole): Promise<void> {
    return inside(acme, (tx) => memberships.changeRole(tx, { organisationId: acme, accountId, role }, actor));
  }

  async function roles(): Promise<string[]> {
    const { rows } = await owner.query<{ role: string }>('SELECT role FROM membership WHERE organisation_id = $1 ORDER BY role', [acme]);
    return rows.map(({ role }) => role);
  }

  async function actions(targetId: string): Promise<unknown[]> {
    const { rows } = await owner.query('SELECT action, detail FROM audit_event WHERE target_id = $1 ORDER BY id', [targetId]);
    return rows;
  }

  it('every change commits its audit row, and a change to what already is writes none', async () => {
    const someone = await member('developer');
    await change(someone, 'developer');
    await change(someone, 'viewer');
    await remove(someone);
    expect(await actions(someone)).toEqual([
      { action: 'member.added', detail: { role: 'developer', source: 'invitation' } },
      { action: 'member.role_changed', detail: { from: 'developer', to: 'viewer' } },
      { action: 'member.removed', detail: { role: 'viewer' } },
    ]);
  });

  it('refuses a second membership, and a change to one that is none', async () => {
    const accountId = await member('viewer');
    const again = inside(acme, (tx) => memberships.add(tx, { organisationId: acme, accountId, role: 'owner', source: 'scim' }, actor));
    await expect(again).rejects.toMatchObject({ code: 'tenants/already_member', status: 409 });
    await expect(change(newId(), 'viewer')).rejects.toMatchObject({ code: 'tenants/member_not_found', status: 404 });
    await expect(remove(newId())).rejects.toMatchObject({ code: 'tenants/member_not_found' });
    expect(await roles()).toEqual(['viewer']);
  });

  it('two who add the same account at once: one is told, and nothing is half done', async () => {
    const accountId = await account();
    const add = (): Promise<void> =>
      inside(acme, (tx) => memberships.add(tx, { organisationId: acme, accountId, role: 'viewer', source: 'invitation' }, actor));
    const outcomes = await Promise.allSettled([add(), add(), add()]);
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    for (const outcome of outcomes) {
      if (outcome.status === 'rejected') expect(outcome.reason).toMatchObject({ code: 'tenants/already_member' });
    }
    expect(await actions(accountId)).toHaveLength(1);
  });

  it('A2: the last owner can neither leave nor be demoted, and one of two can', async () => {
    const first = await member('owner');
    await expect(remove(first)).rejects.toMatchObject({ code: 'tenants/last_owner', status: 409 });
    await expect(change(first, 'admin')).rejects.toMatchObject({ code: 'tenants/last_owner' });
    await member('owner');
    await change(first, 'admin');
    await remove(first);
    expect(await roles()).toEqual(['owner']);
  });

  it('A2: of two owners who go at the same moment one stays', async () => {
    for (let round = 0; round < 10; round += 1) {
      acme = await organisation();
      const [one, two] = [await member('owner'), await member('owner')];
      const outcomes = await Promise.allSettled([remove(one), round % 2 === 0 ? remove(two) : change(two, 'viewer')]);
      expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
      expect((await roles()).filter((role) => role === 'owner')).toHaveLength(1);
    }
  });

  it('A2: the database alone keeps an owner, for whatever forgets to ask and for two at once', async () => {
    const rows = new MembershipsRepository();
    const sole = await member('owner');
    const alone = inside(acme, (tx) => rows.remove(tx, { organisationId: acme, accountId: sole }));
    await expect(alone).rejects.toMatchObject({ code: 'tenants/last_owner' });
    const other = await member('owner');
    const both = [sole, other].map((accountId) =>
      inside(acme, (tx) => rows.changeRole(tx, { organisationId: acme, accountId, role: 'viewer' }, new Date())),
    );
    const outcomes = await Promise.allSettled(both);
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    expect(await roles()).toEqual(['owner', 'viewer']);
    await expect(owner.query('DELETE FROM membership WHERE organisation_id = $1', [acme])).rejects.toThrow(/without an owner/);
  });

  it('A6: erasing an account ends its memberships, that of a last owner too', async () => {
    const sole = await member('owner');
    await replica.app.get(UnitOfWork).asSystem(async (tx) => tx.query('DELETE FROM account WHERE id = $1', [sole]));
    expect(await roles()).toEqual([]);
  });

  it('tells all memberships of an account with what each organisation asks', async () => {
    const accountId = await member('billing');
    const other = await organisation();
    await inside(other, (tx) => memberships.add(tx, { organisationId: other, accountId, role: 'owner', source: 'founder' }, actor));
    await owner.query(`UPDATE organisation SET second_factor_required = true, member_networks = '{10.0.0.0/8}' WHERE id = $1`, [other]);
    const found = await replica.app.get(UnitOfWork).asSystem((tx) => memberships.ofAccount(tx, accountId));
    expect(found).toMatchObject([
      { organisationId: acme, accountId, role: 'billing', source: 'invitation', secondFactorRequired: false, memberNetworks: [] },
      { organisationId: other, role: 'owner', source: 'founder', secondFactorRequired: true, memberNetworks: ['10.0.0.0/8'] },
    ]);
  });

  it('lists members from a position', async () => {
    const made = [await member('owner'), await member('viewer'), await member('viewer')];
    await inside(acme, async (tx) => {
      expect((await memberships.list(tx, acme, undefined, 10)).map(({ accountId }) => accountId)).toEqual(made);
      expect((await memberships.list(tx, acme, made[0], 1)).map(({ accountId }) => accountId)).toEqual([made[1]]);
    });
  });

  it('A3: another organisation is refused', async () => {
    const foreign = await organisation();
    const accountId = await member('viewer', foreign);
    const target = { organisationId: foreign, accountId };
    await inside(acme, async (tx) => {
      expect(await memberships.find(tx, foreign, accountId)).toBeNull();
      expect(await memberships.ofAccount(tx, accountId)).toEqual([]);
      expect(await memberships.list(tx, foreign, undefined, 10)).toEqual([]);
      await expect(memberships.remove(tx, target, actor)).rejects.toMatchObject({ code: 'tenants/member_not_found' });
      await expect(memberships.changeRole(tx, { ...target, role: 'owner' }, actor)).rejects.toMatchObject({
        code: 'tenants/member_not_found',
      });
      const rows = new MembershipsRepository();
      expect(await rows.countOwners(tx, foreign)).toBe(0);
      await rows.lockOwnership(tx, foreign);
      await rows.remove(tx, target);
      await rows.changeRole(tx, { ...target, role: 'owner' }, new Date());
    });
    const planted = inside(acme, (tx) =>
      memberships.add(tx, { organisationId: foreign, accountId: newId(), role: 'owner', source: 'founder' }, actor),
    );
    await expect(planted).rejects.toThrow(/row-level security/);
    expect((await owner.query('SELECT role FROM membership WHERE account_id = $1', [accountId])).rows).toEqual([{ role: 'viewer' }]);
  });
});
