import 'reflect-metadata';
import { DataSource } from 'typeorm';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../../../../test/harness/postgres.js';
import {
  type AccountId,
  type IdentityProviderId,
  newId,
  type OrganisationId,
  type SamlAnswerId,
  type ScimGroupId,
  type ScimTokenId,
  type ScimUserId,
} from '../../../kernel/ids.js';
import { hashSecret } from '../../../kernel/secrets.js';
import { sessionAs } from '../../../platform/database/roles.js';
import { TypeOrmUnitOfWork } from '../../../platform/database/typeorm-unit-of-work.js';
import { SamlAnswer } from './saml-answer.entity.js';
import { SamlAnswersRepository } from './saml-answers.repository.js';
import { ScimGroup, type ScimGroupRow } from './scim-group.entity.js';
import { ScimGroupsRepository } from './scim-groups.repository.js';
import { ScimToken, type ScimTokenRow } from './scim-token.entity.js';
import { ScimTokensRepository } from './scim-tokens.repository.js';
import { ScimUser, type ScimUserRow } from './scim-user.entity.js';
import { ScimUsersRepository } from './scim-users.repository.js';

const NOW = new Date('2026-11-21T12:00:00Z');
const LATER = new Date('2026-11-21T12:02:00Z');
const ALL = { filter: null, offset: 0, limit: 10 };
const [users, groups, tokens, answers] = [
  new ScimUsersRepository(),
  new ScimGroupsRepository(),
  new ScimTokensRepository(),
  new SamlAnswersRepository(),
];

let database: TestDatabase;
let owner: DataSource;
let application: DataSource;
let unitOfWork: TypeOrmUnitOfWork;
let mine: OrganisationId;
let theirs: OrganisationId;

beforeAll(async () => {
  database = await createTestDatabase();
  owner = await new DataSource({ type: 'postgres', url: database.url }).initialize();
  application = await new DataSource({
    type: 'postgres',
    url: database.url,
    entities: [ScimUser, ScimGroup, ScimToken, SamlAnswer],
    extra: sessionAs('lethe_app', { statementMs: 5_000, connectMs: 5_000 }),
  }).initialize();
  unitOfWork = new TypeOrmUnitOfWork(application);
});

beforeEach(async () => {
  [mine, theirs] = [await organisation(), await organisation()];
});

afterAll(async () => {
  await application?.destroy();
  await owner?.destroy();
  await database?.drop();
});

async function organisation(): Promise<OrganisationId> {
  const id = newId<OrganisationId>();
  await owner.query(
    `INSERT INTO organisation (id, slug, name, kind, status, created_at, updated_at) VALUES ($1, $2, 'Acme', 'customer', 'active', $3, $3)`,
    [id, `o-${id}`, NOW],
  );
  return id;
}

async function user(organisationId: OrganisationId, userName: string): Promise<ScimUserRow> {
  const accountId = newId<AccountId>();
  await owner.query(`INSERT INTO account (id, locale, status, created_at, updated_at) VALUES ($1, 'en', 'active', $2, $2)`, [
    accountId,
    NOW,
  ]);
  const names = { formattedName: null, givenName: null, familyName: null, email: null, externalId: null };
  const row = { id: newId<ScimUserId>(), organisationId, accountId, userName, ...names, active: true, createdAt: NOW, updatedAt: NOW };
  await unitOfWork.forOrganisation(organisationId, (tx) => users.insert(tx, row));
  return row;
}

async function group(organisationId: OrganisationId, displayName: string): Promise<ScimGroupRow> {
  const row = { id: newId<ScimGroupId>(), organisationId, displayName, externalId: null, role: null, createdAt: NOW, updatedAt: NOW };
  await unitOfWork.forOrganisation(organisationId, (tx) => groups.insert(tx, row));
  return row;
}

it('A3: users, groups, members and tokens of another organisation are not to be seen, changed or made, by the database alone', async () => {
  const [user1, group1] = [await user(mine, 'ada'), await group(mine, 'Engineers')];
  await unitOfWork.forOrganisation(mine, (tx) => groups.replaceMembers(tx, mine, group1.id, [user1.id]));
  await unitOfWork.forOrganisation(theirs, async (tx) => {
    expect(await users.find(tx, mine, user1.id)).toBeNull();
    expect(await users.list(tx, mine, ALL)).toEqual({ total: 0, rows: [] });
    expect(await groups.find(tx, mine, group1.id)).toBeNull();
    expect(await groups.members(tx, mine, group1.id)).toEqual([]);
    await users.update(tx, { ...user1, active: false });
    await users.delete(tx, mine, user1.id);
    await groups.delete(tx, mine, group1.id);
  });
  const planted = { ...user1, id: newId<ScimUserId>(), userName: 'eve' };
  await expect(unitOfWork.forOrganisation(theirs, (tx) => users.insert(tx, planted))).rejects.toThrow('row-level security');
  await unitOfWork.forOrganisation(mine, async (tx) => {
    expect(await users.find(tx, mine, user1.id)).toEqual(user1);
    expect(await groups.members(tx, mine, group1.id)).toEqual([{ userId: user1.id, userName: 'ada' }]);
  });
});

it('A3: a group takes no member of another organisation, whoever asks', async () => {
  const [stranger, group1] = [await user(theirs, 'eve'), await group(mine, 'Engineers')];
  expect(await unitOfWork.asSystem((tx) => users.existing(tx, mine, [stranger.id]))).toEqual([]);
  const join = unitOfWork.asSystem((tx) => groups.replaceMembers(tx, mine, group1.id, [stranger.id]));
  await expect(join).rejects.toThrow('foreign key');
});

it('names are taken once in an organisation, in whatever case, and are free in another', async () => {
  await user(mine, 'Ada');
  await group(mine, 'Engineers');
  await expect(user(mine, 'ADA')).rejects.toMatchObject({ code: 'scim/uniqueness' });
  await expect(group(mine, 'engineers')).rejects.toMatchObject({ code: 'scim/uniqueness' });
  await user(theirs, 'Ada');
  await group(theirs, 'Engineers');
});

it('a token is found by its hash until it is revoked, and once', async () => {
  const row: ScimTokenRow = {
    id: newId<ScimTokenId>(),
    organisationId: mine,
    name: 'Entra ID',
    hint: 'abcd',
    createdAt: NOW,
    expiresAt: null,
    revokedAt: null,
    lastUsedAt: null,
  };
  await unitOfWork.forOrganisation(mine, (tx) => tokens.insert(tx, row, hashSecret(row.id)));
  expect(await unitOfWork.asSystem((tx) => tokens.findByHash(tx, hashSecret(row.id)))).toMatchObject({ id: row.id });
  expect(await unitOfWork.forOrganisation(theirs, (tx) => tokens.revoke(tx, mine, row.id, NOW))).toBe(false);
  expect(await unitOfWork.forOrganisation(theirs, (tx) => tokens.list(tx, mine, undefined, 10))).toEqual([]);
  const revoke = (): Promise<boolean> => unitOfWork.forOrganisation(mine, (tx) => tokens.revoke(tx, mine, row.id, NOW));
  expect(await Promise.all([revoke(), revoke()])).toEqual(expect.arrayContaining([true, false]));
});

it('A1: an assertion is used once and an answer taken once, by however many at the same moment, and what is over is swept away', async () => {
  const providerId = newId<IdentityProviderId>();
  await owner.query(
    `INSERT INTO identity_provider (id, organisation_id, kind, name, status, connection, settings, secret_version, created_at, updated_at)
     VALUES ($1, $2, 'saml', 'x', 'active', '{}', '{}', 0, $3, $3)`,
    [providerId, mine, NOW],
  );
  const use = (): Promise<boolean> => unitOfWork.asSystem((tx) => answers.useAssertion(tx, providerId, '_a', LATER));
  expect((await Promise.all([use(), use(), use()])).filter(Boolean)).toHaveLength(1);
  const insert = (code: string): Promise<void> =>
    unitOfWork.asSystem((tx) =>
      answers.insert(tx, {
        id: newId<SamlAnswerId>(),
        codeHash: hashSecret(code),
        browserHash: null,
        providerId,
        accountId: null,
        sessionId: null,
        subject: 'ada',
        username: null,
        email: null,
        twoFactors: false,
        attestedAge: null,
        locale: 'en',
        returnPath: '/',
        expiresAt: LATER,
      }),
    );
  await insert('first');
  const take = (now: Date, code = 'first'): Promise<unknown> => unitOfWork.asSystem((tx) => answers.take(tx, hashSecret(code), now));
  expect((await Promise.all([take(NOW), take(NOW)])).filter((answer) => answer !== null)).toHaveLength(1);
  await insert('late');
  expect(await take(LATER, 'late')).toBeNull();
  await insert('forgotten');
  expect(await unitOfWork.asSystem((tx) => answers.sweep(tx, NOW))).toBe(0);
  expect(await unitOfWork.asSystem((tx) => answers.sweep(tx, LATER))).toBe(1);
  expect(await unitOfWork.asSystem((tx) => answers.sweepAssertions(tx, LATER))).toBe(1);
});
