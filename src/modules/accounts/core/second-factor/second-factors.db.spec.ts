import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ConfigurationApp } from '../../../../../test/harness/configuration.js';
import { sweepTables } from '../../../../../test/harness/sweeps.js';
import { ErasuresNoted } from '../../../../../test/harness/usage.js';
import { ManualClock } from '../../../../kernel/clock.js';
import { type AccountId, newId, type OrganisationId, type SessionId } from '../../../../kernel/ids.js';
import { type Tx, UnitOfWork } from '../../../../platform/database/unit-of-work.js';
import { KeyManagementService } from '../../../../platform/kms/key-management-service.js';
import { rotateLocalRootKey } from '../../../../platform/kms/root-key-file.js';
import { Accounts, SignIn } from '../../accounts.contract.js';
import { AccountsModule } from '../../accounts.module.js';
import { RecoveryCodesRepository } from '../../data/second-factor/recovery-codes.repository.js';
import { type Attempt, TotpAttemptsRepository } from '../../data/second-factor/totp-attempts.repository.js';
import type { TotpFactorId } from '../../data/second-factor/totp-factor.entity.js';
import { TotpFactorsRepository } from '../../data/second-factor/totp-factors.repository.js';
import { WebauthnChallengesRepository } from '../../data/second-factor/webauthn-challenges.repository.js';
import type { WebauthnCredentialId } from '../../data/second-factor/webauthn-credential.entity.js';
import { WebauthnCredentialsRepository } from '../../data/second-factor/webauthn-credentials.repository.js';
import { RewrapTotpSecretsJob } from '../../jobs/rewrap-totp-secrets.job.js';
import { SweepWebauthnChallengesJob } from '../../jobs/sweep-webauthn-challenges.job.js';
import { SecondFactors } from '../second-factors.js';
import { openTotpSecret, sealTotpSecret } from './sealed-totp-secret.js';
import { WebauthnChallenges } from './webauthn-challenges.js';

const actor = { kind: 'system', id: 'test' } as const;
const clock = new ManualClock(Date.UTC(2026, 10, 21, 12));
const apps = new TotpFactorsRepository();
const keys = new WebauthnCredentialsRepository();
const codes = new RecoveryCodesRepository();
const attempts = new TotpAttemptsRepository();
const challenges = new WebauthnChallengesRepository();
let lethe: ConfigurationApp;

beforeAll(async () => {
  lethe = await ConfigurationApp.start([ErasuresNoted, AccountsModule], { clock });
});
afterAll(() => lethe?.stop());

const asSystem = <T>(work: (tx: Tx) => Promise<T>): Promise<T> => lethe.unitOfWork.asSystem(work);

async function account(): Promise<AccountId> {
  const person = { email: null, emailVerified: false, username: `u-${newId()}`, displayName: null, locale: 'en', attestedAge: 16 };
  return (await asSystem((tx) => lethe.get(Accounts).create(tx, person, actor))).id;
}

async function session(accountId: AccountId): Promise<SessionId> {
  const how = { method: 'password', secondFactorDone: false } as const;
  return (await lethe.get(SignIn).open(accountId, how, { remoteAddress: '192.0.2.1', userAgent: null })).sessionId;
}

async function app(accountId: AccountId, secret = randomBytes(20)): Promise<TotpFactorId> {
  const id = newId<TotpFactorId>();
  const sealed = await sealTotpSecret(lethe.get(KeyManagementService), { id, accountId }, secret);
  const at = clock.now();
  await asSystem((tx) => apps.begin(tx, { id, accountId, ...sealed, lastStep: 0, createdAt: at, confirmedAt: null, lastUsedAt: null }));
  await asSystem((tx) => apps.confirm(tx, id, { step: 100, at, since: new Date(at.getTime() - 1) }));
  return id;
}

async function key(accountId: AccountId, signCount = 0): Promise<WebauthnCredentialId> {
  const id = newId<WebauthnCredentialId>();
  const made = {
    id,
    accountId,
    credentialId: randomBytes(32),
    publicKey: randomBytes(77),
    signCount,
    transports: ['usb'],
    backedUp: false,
  };
  await asSystem((tx) => keys.insert(tx, { ...made, name: 'Key', status: 'active', createdAt: clock.now(), lastUsedAt: null }));
  return id;
}

describe('a TOTP secret at rest', () => {
  it('A1: opens for its own account and enrolment and for no other row', async () => {
    const kms = lethe.get(KeyManagementService);
    const secret = randomBytes(20);
    const [mine, other] = [await account(), await account()];
    await app(mine, secret);
    await app(other);
    const row = await asSystem((tx) => apps.find(tx, mine));
    expect(await openTotpSecret(kms, row!)).toEqual(secret);
    expect(row!.ciphertext.includes(secret)).toBe(false);
    await lethe.owner.query(
      `UPDATE totp_factor SET (format_version, kms_key_id, wrapped_key, ciphertext) =
         (SELECT format_version, kms_key_id, wrapped_key, ciphertext FROM totp_factor WHERE account_id = $1) WHERE account_id = $2`,
      [mine, other],
    );
    const copied = await asSystem((tx) => apps.find(tx, other));
    await expect(openTotpSecret(kms, copied!)).rejects.toMatchObject({ code: 'second_factors/secret_unreadable', status: 500 });
  });

  it('K3: follows a rotation of the root key, its ciphertext untouched; one that does not open stops nothing', async () => {
    const kms = lethe.get(KeyManagementService);
    const secret = randomBytes(20);
    const [good, broken] = [await account(), await account()];
    await app(broken);
    await lethe.owner.query('UPDATE totp_factor SET wrapped_key = $2 WHERE account_id = $1', [broken, randomBytes(60)]);
    await app(good, secret);
    const before = await asSystem((tx) => apps.find(tx, good));
    const current = await rotateLocalRootKey(lethe.rootKeyPath);
    await lethe.get(RewrapTotpSecretsJob).run(new AbortController().signal);
    const after = await asSystem((tx) => apps.find(tx, good));
    expect(after).toMatchObject({ kmsKeyId: current, ciphertext: before!.ciphertext });
    expect(after!.wrappedKey).not.toEqual(before!.wrappedKey);
    expect(await openTotpSecret(kms, after!)).toEqual(secret);
    expect((await asSystem((tx) => apps.find(tx, broken)))!.kmsKeyId).not.toBe(current);
  });
});

describe('using factors up', () => {
  it('A1: a step is used by one of twenty at once, and none before it ever again', async () => {
    const id = await app(await account());
    const use = (step: number): Promise<boolean> => asSystem((tx) => apps.useStep(tx, id, step, clock.now()));
    const raced = await Promise.all(Array.from({ length: 20 }, () => use(101)));
    expect(raced.filter(Boolean)).toHaveLength(1);
    for (const [step, isFresh] of [
      [100, false],
      [101, false],
      [103, true],
      [102, false],
      [104, true],
    ] as const)
      expect(await use(step)).toBe(isFresh);
  });

  it('A1: a counter only grows, or stands at zero, and a suspended key is over', async () => {
    const counting = await key(await account(), 5);
    const advance = (id: WebauthnCredentialId, counter: number): Promise<boolean> =>
      asSystem((tx) => keys.advance(tx, id, { counter, backedUp: false, at: clock.now() }));
    for (const [counter, grows] of [
      [5, false],
      [4, false],
      [0, false],
      [6, true],
      [4_294_967_295, true],
      [7, false],
    ] as const) {
      expect(await advance(counting, counter)).toBe(grows);
    }
    const still = await key(await account());
    for (const [counter, grows] of [
      [0, true],
      [0, true],
      [1, true],
      [0, false],
    ] as const)
      expect(await advance(still, counter)).toBe(grows);
    expect(await asSystem((tx) => keys.suspend(tx, still))).toBe(true);
    expect(await asSystem((tx) => keys.suspend(tx, still))).toBe(false);
    expect(await advance(still, 9)).toBe(false);
  });

  it('A1: of ten who show one counter at once one gets through', async () => {
    const id = await key(await account(), 5);
    const raced = await Promise.all(
      Array.from({ length: 10 }, () => asSystem((tx) => keys.advance(tx, id, { counter: 6, backedUp: false, at: clock.now() }))),
    );
    expect(raced.filter(Boolean)).toHaveLength(1);
  });

  it('A1: a challenge is taken once, before its time is over, and swept after it', async () => {
    const given = lethe.get(WebauthnChallenges);
    const sessionId = await session(await account());
    const claim = (challenge: Buffer): string =>
      Buffer.from(JSON.stringify({ challenge: challenge.toString('base64url') })).toString('base64url');
    const give = (): Promise<Buffer> => asSystem((tx) => given.give(tx, 'second_factor', sessionId));
    const take = (challenge: Buffer): Promise<string | null> =>
      asSystem((tx) => given.take(tx, 'second_factor', sessionId, claim(challenge)));
    const first = await give();
    const raced = await Promise.all(Array.from({ length: 10 }, () => take(first)));
    expect(raced.filter((each) => each === first.toString('base64url'))).toHaveLength(1);
    const late = await give();
    clock.advance(300_000);
    expect(await take(late)).toBeNull();
    await sweepTables(lethe.get(SweepWebauthnChallengesJob), lethe.get(UnitOfWork));
    expect((await lethe.owner.query('SELECT FROM webauthn_challenge')).rowCount).toBe(0);
  });
});

describe('guessing', () => {
  it('A7: five codes, then one a minute, two, four, up to twelve hours, until one is right', async () => {
    const id = await account();
    const take = (): Promise<Attempt> => asSystem((tx) => attempts.take(tx, id, clock.now()));
    for (let attempt = 1; attempt <= 5; attempt += 1) expect(await take()).toEqual({ allowed: true, attempts: attempt });
    for (let step = 0; step < 40; step += 1) {
      const waitMs = Math.min(60_000 * 2 ** step, 43_200_000);
      expect(await take()).toEqual({ allowed: false, nextAt: new Date(clock.nowMs() + waitMs) });
      clock.advance(waitMs - 1);
      expect((await take()).allowed).toBe(false);
      clock.advance(1);
      expect(await take()).toEqual({ allowed: true, attempts: 6 + step });
    }
    await asSystem((tx) => attempts.forget(tx, id));
    expect(await take()).toEqual({ allowed: true, attempts: 1 });
  });

  it('A7: of a hundred at once five are let through', async () => {
    const id = await account();
    const taken = await Promise.all(Array.from({ length: 100 }, () => asSystem((tx) => attempts.take(tx, id, clock.now()))));
    expect(taken.filter(({ allowed }) => allowed)).toHaveLength(5);
  });
});

describe('whose they are', () => {
  it('A1: an app not confirmed counts for nothing, a suspended key still asks for a factor', async () => {
    const has = (id: AccountId): Promise<boolean> => asSystem((tx) => lethe.get(SecondFactors).hasAny(tx, id));
    const [one, two] = [await account(), await account()];
    const at = clock.now();
    const sealed = await sealTotpSecret(lethe.get(KeyManagementService), { id: newId(), accountId: one }, randomBytes(20));
    await asSystem((tx) =>
      apps.begin(tx, { id: newId(), accountId: one, ...sealed, lastStep: 0, createdAt: at, confirmedAt: null, lastUsedAt: null }),
    );
    expect(await has(one)).toBe(false);
    const id = await key(two);
    await asSystem((tx) => keys.suspend(tx, id));
    expect(await has(two)).toBe(true);
  });

  it('D3: with an account all of its factors, codes, challenges and counts go', async () => {
    const id = await account();
    await app(id);
    await key(id);
    const sessionId = await session(id);
    await asSystem(async (tx) => {
      await codes.replace(tx, id, [randomBytes(32)], clock.now());
      await attempts.take(tx, id, clock.now());
      await lethe.get(WebauthnChallenges).give(tx, 'second_factor', sessionId);
    });
    await lethe.owner.query('DELETE FROM account WHERE id = $1', [id]);
    for (const table of ['totp_factor', 'webauthn_credential', 'recovery_code', 'totp_attempt']) {
      expect((await lethe.owner.query(`SELECT FROM ${table} WHERE account_id = $1`, [id])).rowCount).toBe(0);
    }
    expect((await lethe.owner.query('SELECT FROM webauthn_challenge WHERE session_id = $1', [sessionId])).rowCount).toBe(0);
  });

  const reads: readonly [string, (tx: Tx, id: AccountId) => Promise<unknown>][] = [
    ['authenticator apps', (tx, id) => apps.find(tx, id)],
    ['security keys', (tx, id) => keys.list(tx, id)],
    ['recovery codes', (tx, id) => codes.count(tx, id)],
    ['challenges', (tx) => challenges.sweep(tx, clock.now())],
    ['counts of wrong codes', (tx, id) => attempts.nextAt(tx, id)],
  ];
  it.each(reads)('A3: no organisation reaches %s', async (_, read) => {
    const organisationId = (await lethe.organisation()) satisfies OrganisationId;
    const id = await account();
    await expect(lethe.unitOfWork.forOrganisation(organisationId, (tx) => read(tx, id))).rejects.toThrow(/permission denied/);
  });
});
