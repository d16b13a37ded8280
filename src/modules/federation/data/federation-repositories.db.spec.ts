import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { signUp } from '../../../../test/harness/accounts.js';
import { TestLethe } from '../../../../test/harness/app.js';
import {
  type AccountId,
  type CapturedDomainId,
  type ExternalIdentityId,
  type FederationAttemptId,
  type IdentityProviderId,
  newId,
  type OrganisationId,
} from '../../../kernel/ids.js';
import { type Tx, UnitOfWork } from '../../../platform/database/unit-of-work.js';
import type { CapturedDomainRow } from './captured-domain.entity.js';
import { CapturedDomainsRepository } from './captured-domains.repository.js';
import { ExternalGrantsRepository } from './external-grants.repository.js';
import { ExternalIdentitiesRepository } from './external-identities.repository.js';
import type { ExternalIdentityRow } from './external-identity.entity.js';
import { FederationAttemptsRepository } from './federation-attempts.repository.js';
import { IdentityProvidersRepository, type Provider } from './identity-providers.repository.js';

const providers = new IdentityProvidersRepository();
const identities = new ExternalIdentitiesRepository();
const domains = new CapturedDomainsRepository();
const grants = new ExternalGrantsRepository();
const attempts = new FederationAttemptsRepository();

let lethe: TestLethe;
let mine: OrganisationId;
let theirs: OrganisationId;
let accountId: AccountId;

beforeAll(async () => {
  lethe = await TestLethe.start();
  mine = (await lethe.tenant({ route: false })).organisationId;
  theirs = (await lethe.tenant({ route: false })).organisationId;
  ({ accountId } = await signUp(lethe.lethe));
});

afterAll(() => lethe?.stop());

const asMine = <T>(work: (tx: Tx) => Promise<T>): Promise<T> => lethe.lethe.get(UnitOfWork).forOrganisation(mine, work);
const asSystem = <T>(work: (tx: Tx) => Promise<T>): Promise<T> => lethe.lethe.get(UnitOfWork).asSystem(work);

function provider(organisationId: OrganisationId | null): Provider {
  const now = new Date();
  const settings = {
    scopes: ['openid'],
    claims: { username: null, email: null, emailVerified: null, avatar: null, vip: null, vipValues: [] },
    keepsRefreshToken: false,
    trustedEmailDomains: [],
    hostedDomains: [],
    allowsSignUp: true,
    memberRole: null,
    secondFactor: 'never',
  } as const;
  return {
    id: newId<IdentityProviderId>(),
    organisationId,
    kind: 'oidc',
    name: `p ${Math.random()}`,
    status: 'active',
    connection: { issuer: 'https://id.example', clientId: 'c', clientAuthentication: 'none', preset: null },
    settings,
    secretVersion: 0,
    secretHint: null,
    formatVersion: null,
    kmsKeyId: null,
    wrappedKey: null,
    ciphertext: null,
    createdAt: now,
    updatedAt: now,
  };
}

const domain = (organisationId: OrganisationId, name: string, verifiedAt: Date | null = null): CapturedDomainRow => ({
  id: newId<CapturedDomainId>(),
  organisationId,
  domain: name,
  challenge: 'c',
  providerId: null,
  ssoRequired: false,
  verifiedAt,
  missingSince: null,
  createdAt: new Date(),
});

async function identity(of: Provider, account: AccountId = accountId): Promise<ExternalIdentityRow> {
  const row = {
    id: newId<ExternalIdentityId>(),
    providerId: of.id,
    subject: `s ${Math.random()}`,
    accountId: account,
    username: null,
    email: null,
    avatarUrl: null,
    vip: true,
    refreshedAt: new Date(),
  };
  await asSystem((tx) => identities.insert(tx, row));
  return row;
}

describe('A3: another organisation is refused', () => {
  it.each<[string, () => OrganisationId | null]>([
    ['another organisation’s', () => theirs],
    ['the installation’s', () => null],
  ])('by the providers repository: %s', async (_, of) => {
    const theirsOrNobodys = provider(of());
    await asSystem((tx) => providers.insert(tx, theirsOrNobodys));
    const ref = { organisationId: theirsOrNobodys.organisationId, id: theirsOrNobodys.id };
    const secret = {
      secretVersion: 1,
      secretHint: '',
      formatVersion: 1,
      kmsKeyId: 'k',
      wrappedKey: Buffer.of(1),
      ciphertext: Buffer.of(1),
    };
    await asMine(async (tx) => {
      expect(await providers.find(tx, ref)).toBeNull();
      expect(await providers.find(tx, { organisationId: mine, id: ref.id })).toBeNull();
      expect(await providers.findAny(tx, ref.id)).toBeNull();
      expect(await providers.list(tx, ref.organisationId)).toEqual([]);
      expect(await providers.update(tx, ref, { name: 'x', updatedAt: new Date() })).toBe(false);
      expect(await providers.replaceSecret(tx, ref, secret, new Date())).toBe(false);
      expect(await providers.delete(tx, ref)).toBe(false);
      expect(await providers.wrappedOtherwise(tx, 'none', undefined, 10)).toEqual([]);
    });
    await expect(asMine((tx) => providers.insert(tx, provider(of())))).rejects.toThrow(/row-level security/);
  });

  it('by the domains repository', async () => {
    const foreign = domain(theirs, 'theirs.example', new Date());
    await asSystem((tx) => domains.insert(tx, foreign));
    await asMine(async (tx) => {
      expect(await domains.find(tx, theirs, foreign.id)).toBeNull();
      expect(await domains.lock(tx, mine, foreign.id)).toBeNull();
      expect(await domains.findProven(tx, 'theirs.example')).toBeNull();
      expect(await domains.list(tx, theirs, undefined, 10)).toEqual([]);
      expect(await domains.delete(tx, theirs, foreign.id)).toBe(false);
      await domains.update(tx, { ...foreign, ssoRequired: true });
    });
    expect(await asSystem((tx) => domains.find(tx, theirs, foreign.id))).toMatchObject({ ssoRequired: false });
    await expect(asMine((tx) => domains.insert(tx, domain(theirs, 'x.example')))).rejects.toThrow(/row-level security/);
  });

  it('by the database, when a domain names a provider of another organisation', async () => {
    const foreign = provider(theirs);
    await asSystem((tx) => providers.insert(tx, foreign));
    const crossed = { ...domain(mine, 'crossed.example'), providerId: foreign.id };
    await expect(asMine((tx) => domains.insert(tx, crossed))).rejects.toThrow(/foreign key/);
  });

  it('by the repositories of people’s rows, which no organisation reaches at all', async () => {
    const id = newId<ExternalIdentityId>();
    for (const read of [
      (tx: Tx) => identities.find(tx, id),
      (tx: Tx) => identities.ofAccount(tx, accountId),
      (tx: Tx) => grants.find(tx, id),
      (tx: Tx) => attempts.take(tx, randomBytes(32), new Date()),
    ])
      await expect(asMine<unknown>(read)).rejects.toThrow(/permission denied/);
  });
});

describe('what the tables hold themselves to', () => {
  it('one account for an identity, one identity of a provider for an account', async () => {
    const one = provider(null);
    await asSystem((tx) => providers.insert(tx, one));
    const { subject } = await identity(one);
    const other = await signUp(lethe.lethe);
    const again = { ...(await identity(one, other.accountId)), id: newId<ExternalIdentityId>(), subject };
    await expect(asSystem((tx) => identities.insert(tx, again))).rejects.toMatchObject({ code: 'federation/identity_taken' });
    await expect(identity(one)).rejects.toMatchObject({ code: 'federation/identity_taken' });
  });

  it('one organisation that has proven a domain, however many claim it', async () => {
    await asSystem((tx) => domains.insert(tx, domain(mine, 'shared.example', new Date())));
    const late = domain(theirs, 'shared.example');
    await asSystem((tx) => domains.insert(tx, late));
    const proven = { ...late, verifiedAt: new Date() };
    await expect(asSystem((tx) => domains.update(tx, proven))).rejects.toMatchObject({ code: 'federation/domain_taken' });
  });

  it('identities and their grants go with their provider and with their account', async () => {
    const one = provider(null);
    await asSystem((tx) => providers.insert(tx, one));
    const person = await signUp(lethe.lethe);
    const { id } = await identity(one, person.accountId);
    const sealed = { formatVersion: 1, kmsKeyId: 'k', wrappedKey: Buffer.of(1), ciphertext: Buffer.of(1) };
    expect(await asSystem((tx) => grants.put(tx, { identityId: id, version: 1, ...sealed, refreshAt: new Date() }))).toBe(true);
    expect(await asSystem((tx) => grants.put(tx, { identityId: id, version: 1, ...sealed, refreshAt: new Date() }))).toBe(false);
    await lethe.rows('DELETE FROM account WHERE id = $1', [person.accountId]);
    expect(await asSystem((tx) => grants.find(tx, id))).toBeNull();
    const second = await identity(one);
    await asSystem((tx) => providers.delete(tx, { organisationId: null, id: one.id }));
    expect(await asSystem((tx) => identities.find(tx, second.id))).toBeNull();
  });

  it('an attempt is taken once, and not after its time', async () => {
    const one = provider(null);
    await asSystem((tx) => providers.insert(tx, one));
    const make = async (expiresAt: Date): Promise<Buffer> => {
      const stateHash = randomBytes(32);
      const id = newId<FederationAttemptId>();
      const flow = { accountId: null, sessionId: null, attestedAge: null, locale: 'en', returnPath: '/' };
      const row = { id, stateHash, browserHash: randomBytes(32), providerId: one.id, ...flow, expiresAt };
      await asSystem((tx) => attempts.insert(tx, row));
      return stateHash;
    };
    const soon = await make(new Date(Date.now() + 60_000));
    const taken = await Promise.all([1, 2, 3].map(() => asSystem((tx) => attempts.take(tx, soon, new Date()))));
    expect(taken.filter((attempt) => attempt !== null)).toHaveLength(1);
    const over = await make(new Date(Date.now() - 1));
    expect(await asSystem((tx) => attempts.take(tx, over, new Date()))).toBeNull();
    await make(new Date(Date.now() - 1));
    expect(await asSystem((tx) => attempts.sweep(tx, new Date()))).toBe(1);
  });
});
