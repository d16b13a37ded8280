import 'reflect-metadata';
import { DataSource } from 'typeorm';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../../../../test/harness/postgres.js';
import { type ApiKeyId, newId, type OrganisationId, type ProjectId } from '../../../kernel/ids.js';
import { sessionAs } from '../../../platform/database/roles.js';
import { TypeOrmUnitOfWork } from '../../../platform/database/typeorm-unit-of-work.js';
import { KeyScopeOwner } from './key-scope-owner.js';

let database: TestDatabase;
let owner: DataSource;
let application: DataSource;

beforeAll(async () => {
  database = await createTestDatabase();
  owner = await new DataSource({ type: 'postgres', url: database.url }).initialize();
  const session = sessionAs('lethe_app', { statementMs: 5_000, connectMs: 5_000 });
  application = await new DataSource({ type: 'postgres', url: database.url, extra: session }).initialize();
});

afterAll(async () => {
  await application?.destroy();
  await owner?.destroy();
  await database?.drop();
});

async function key(revokedAt: Date | null = null): Promise<{ organisationId: OrganisationId; id: ApiKeyId }> {
  const [organisationId, projectId, id] = [newId<OrganisationId>(), newId<ProjectId>(), newId<ApiKeyId>()];
  await owner.query(`INSERT INTO organisation VALUES ($1, $2, 'Acme', 'customer', 'active', now(), now())`, [
    organisationId,
    `o-${organisationId}`,
  ]);
  await owner.query(`INSERT INTO project VALUES ($1, $2, 'main', 'active', now(), now())`, [projectId, organisationId]);
  await owner.query(`INSERT INTO api_key VALUES ($1, $2, $3, 'k', sha256($4), 'hint', '{}', '{}', now(), null, $5, null)`, [
    id,
    organisationId,
    projectId,
    Buffer.from(id),
    revokedAt,
  ]);
  return { organisationId, id };
}

it("A3: a key is its own organisation's while it lives, and nobody else's, whatever the transaction sees", async () => {
  const [mine, theirs, revoked] = [await key(), await key(), await key(new Date())];
  const owns = (organisationId: OrganisationId, id: ApiKeyId): Promise<boolean> =>
    new TypeOrmUnitOfWork(application).forOrganisation(organisationId, (tx) => new KeyScopeOwner().owns(tx, organisationId, id));
  expect(await owns(mine.organisationId, mine.id)).toBe(true);
  expect(await owns(mine.organisationId, theirs.id)).toBe(false);
  expect(await owns(revoked.organisationId, revoked.id)).toBe(false);
  const asSystem = await new TypeOrmUnitOfWork(application).asSystem((tx) => new KeyScopeOwner().owns(tx, mine.organisationId, theirs.id));
  expect(asSystem).toBe(false);
});
