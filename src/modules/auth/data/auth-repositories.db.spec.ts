import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Replica, startReplica } from '../../../../test/harness/module-context.js';
import { createTestDatabase, type TestDatabase } from '../../../../test/harness/postgres.js';
import { newId, type OperatorId, type OrganisationId, type ProjectId } from '../../../kernel/ids.js';
import { hashSecret } from '../../../kernel/secrets.js';
import { type Tx, UnitOfWork } from '../../../platform/database/unit-of-work.js';
import { OrganisationAdministration } from '../../tenants/tenants.contract.js';
import { type ApiKeySummary, KeyAdministration } from '../auth.contract.js';
import { ApiKeysRepository } from './api-keys.repository.js';
import { KeyCountriesRepository } from './key-countries.repository.js';
import { OperatorsRepository } from './operators.repository.js';

const actor = { kind: 'system', id: 'test' } as const;

describe('A3: another organisation is refused', () => {
  let database: TestDatabase;
  let owner: pg.Pool;
  let replica: Replica;
  let mine: OrganisationId;
  let foreignKey: ApiKeySummary;
  let foreignHash: Buffer;
  const keys = new ApiKeysRepository();
  const countries = new KeyCountriesRepository();
  const operators = new OperatorsRepository();

  beforeAll(async () => {
    database = await createTestDatabase();
    owner = new pg.Pool({ connectionString: database.url });
    replica = await startReplica(database.url);
    const organisations = replica.app.get(OrganisationAdministration);
    mine = (await organisations.createOrganisation({ slug: 'mine', name: 'Mine', kind: 'customer' }, actor)).id;
    const foreign = (await organisations.createOrganisation({ slug: 'foreign', name: 'Foreign', kind: 'customer' }, actor)).id;
    const project = await organisations.createProject({ organisationId: foreign, name: 'main' }, actor);
    const made = await replica.app
      .get(KeyAdministration)
      .createKey(
        { organisationId: foreign, projectId: project.id, name: 'k', scopes: ['usage:read'], expiresAt: null, allowedNetworks: [] },
        actor,
      );
    foreignKey = made.key;
    foreignHash = hashSecret(made.secret);
  });

  afterAll(async () => {
    await replica.close();
    await owner.end();
    await database.drop();
  });

  function asMine<T>(work: (tx: Tx) => Promise<T>): Promise<T> {
    return replica.app.get(UnitOfWork).forOrganisation(mine, work);
  }

  it('by the API keys repository', async () => {
    const { id, organisationId } = foreignKey;
    await asMine(async (tx) => {
      expect(await keys.find(tx, organisationId, id)).toBeNull();
      expect(await keys.list(tx, organisationId, undefined, 10)).toEqual([]);
      expect(await keys.revoke(tx, organisationId, id, new Date())).toBe(false);
      expect(await keys.findRow(tx, id)).toBeNull();
      expect(await keys.findByHashes(tx, [foreignHash])).toEqual([]);
      expect(await keys.listLive(tx, { before: undefined, nowMs: 0, limit: 10 })).toEqual([]);
      await keys.markUsed(tx, new Map([[id, 1]]));
    });
    const { rows } = await owner.query('SELECT revoked_at, last_used_at FROM api_key WHERE id = $1', [id]);
    expect(rows).toEqual([{ revoked_at: null, last_used_at: null }]);
    const planted = { ...foreignKey, id: newId<ApiKeySummary['id']>() };
    await expect(asMine((tx) => keys.insert(tx, planted, hashSecret('planted')))).rejects.toThrow(/row-level security/);
  });

  it('by the repository of where keys are used', async () => {
    const sighting = { keyId: foreignKey.id, country: 'DE', day: '2026-11-21' };
    await replica.app.get(UnitOfWork).asSystem((tx) => countries.note(tx, [sighting]));
    await asMine(async (tx) => {
      expect(await countries.list(tx, foreignKey)).toEqual([]);
      await countries.forget(tx, foreignKey);
      await keys.setBlock(tx, foreignKey, { blockedAt: new Date(), blockedReason: 'burst' });
    });
    await expect(asMine((tx) => countries.note(tx, [sighting]))).rejects.toThrow(/permission denied/);
    const { rows } = await owner.query('SELECT country, blocked_at FROM api_key JOIN key_country ON key_id = id WHERE id = $1', [
      foreignKey.id,
    ]);
    expect(rows).toEqual([{ country: 'DE', blocked_at: null }]);
  });

  it('by the database, when a key names a project of another organisation', async () => {
    const crossed = { ...foreignKey, id: newId<ApiKeySummary['id']>(), organisationId: mine, projectId: foreignKey.projectId as ProjectId };
    await expect(asMine((tx) => keys.insert(tx, crossed, hashSecret('crossed')))).rejects.toThrow(/foreign key/);
  });

  it('by the operators repository, which no organisation reaches at all', async () => {
    const now = new Date();
    const nobody = { accountId: null, invitationHash: null, invitedUntil: null };
    const operator = {
      id: newId<OperatorId>(),
      name: 'x',
      status: 'active',
      role: 'support',
      ...nobody,
      createdAt: now,
      updatedAt: now,
    } as const;
    const token = {
      id: newId<never>(),
      operatorId: operator.id,
      name: 't',
      tokenHash: hashSecret('t'),
      hint: 't',
      createdAt: now,
      expiresAt: null,
      revokedAt: null,
    };
    const attempts: ((tx: Tx) => Promise<unknown>)[] = [
      (tx) => operators.insert(tx, operator),
      (tx) => operators.exists(tx),
      (tx) => operators.findByName(tx, 'x'),
      (tx) => operators.insertToken(tx, token),
      (tx) => operators.revokeTokens(tx, operator.id, now),
      (tx) => operators.findToken(tx, hashSecret('t')),
      (tx) => operators.find(tx, operator.id),
      (tx) => operators.lock(tx, operator.id),
      (tx) => operators.lockAll(tx),
      (tx) => operators.update(tx, operator.id, { role: 'administrator' }),
      (tx) => operators.list(tx, undefined, 1),
      (tx) => operators.listTokens(tx, operator.id, undefined, 1),
    ];
    for (const attempt of attempts) await expect(asMine(attempt)).rejects.toThrow(/permission denied/);
  });
});
