import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Replica, startReplica } from '../../../../test/harness/module-context.js';
import { createTestDatabase, type TestDatabase } from '../../../../test/harness/postgres.js';
import { type AccountId, newId, type OrganisationId, type SessionId } from '../../../kernel/ids.js';
import { hashSecret, newSecret } from '../../../kernel/secrets.js';
import { type Tx, UnitOfWork } from '../../../platform/database/unit-of-work.js';
import { Accounts, type NewAccount, SignIn } from '../accounts.contract.js';
import { AccountClosuresRepository } from './account-closures.repository.js';
import { AccountsRepository } from './accounts.repository.js';
import { SessionsRepository } from './sessions.repository.js';
import { SignInPressureRepository } from './sign-in-pressure.repository.js';
import { TicketsRepository } from './tickets.repository.js';

const ACTOR = { kind: 'system', id: 'test' } as const;
const ORIGIN = { remoteAddress: '127.0.0.1', userAgent: null };

let database: TestDatabase;
let owner: pg.Pool;
let replica: Replica;

beforeAll(async () => {
  database = await createTestDatabase();
  owner = new pg.Pool({ connectionString: database.url });
  owner.on('error', () => undefined);
  replica = await startReplica(database.url);
});
afterAll(async () => {
  await replica?.close();
  await owner?.end();
  await database?.drop();
});

const asSystem = <T>(work: (tx: Tx) => Promise<T>): Promise<T> => replica.app.get(UnitOfWork).asSystem(work);

function create(person: Partial<NewAccount>) {
  const whole: NewAccount = {
    email: null,
    emailVerified: true,
    username: null,
    displayName: null,
    locale: 'en',
    attestedAge: 16,
    ...person,
  };
  return asSystem((tx) => replica.app.get(Accounts).create(tx, whole, ACTOR));
}

describe('A3: no organisation reaches people', () => {
  const id = newId<AccountId>();
  const sessionId = newId<SessionId>();
  const hash = hashSecret(newSecret());
  const now = new Date();
  const accounts = new AccountsRepository();
  const sessions = new SessionsRepository();
  const tickets = new TicketsRepository();
  const pressures = new SignInPressureRepository();

  const attempts: readonly (readonly [string, (tx: Tx) => Promise<unknown>])[] = [
    ['find', (tx) => accounts.find(tx, id)],
    ['lock', (tx) => accounts.lock(tx, id)],
    ['findByVerifiedEmail', (tx) => accounts.findByVerifiedEmail(tx, 'kim@example.com')],
    ['findByUsername', (tx) => accounts.findByUsername(tx, 'kim')],
    ['update', (tx) => accounts.update(tx, id, { displayName: 'Mallory' })],
    ['delete', (tx) => accounts.delete(tx, id)],
    ['findPassword', (tx) => accounts.findPassword(tx, id)],
    ['setPassword', (tx) => accounts.setPassword(tx, id, 'x', now)],
    ['removePassword', (tx) => accounts.removePassword(tx, id)],
    ['sessions.findByToken', (tx) => sessions.findByToken(tx, hash)],
    ['sessions.list', (tx) => sessions.list(tx, id, now)],
    ['sessions.update', (tx) => sessions.update(tx, sessionId, { tokenHash: hash })],
    ['sessions.end', (tx) => sessions.end(tx, id, sessionId)],
    ['sessions.endAll', (tx) => sessions.endAll(tx, id)],
    ['tickets.findByToken', (tx) => tickets.findByToken(tx, hash)],
    ['tickets.useAll', (tx) => tickets.useAll(tx, id, ['sign_in'], now)],
    ['pressures.lock', (tx) => pressures.lock(tx, 'account_sign_in', 1, now)],
    ['closures.insert', (tx) => new AccountClosuresRepository().insert(tx, 'minor_found', '2026-01-01')],
  ];

  it.each(attempts)('%s', async (_name, attempt) => {
    const work = replica.app.get(UnitOfWork).forOrganisation(newId<OrganisationId>(), attempt);
    await expect(work).rejects.toThrow(/permission denied/);
  });
});

describe('an account', () => {
  it('a proven address is taken once, in whatever spelling; one that nobody has proven is taken by nobody', async () => {
    await create({ email: 'taken@example.com', emailVerified: false });
    const first = await create({ email: 'taken@example.com' });
    await expect(create({ email: 'TAKEN@Example.com' })).rejects.toMatchObject({ code: 'accounts/email_taken' });
    const found = await asSystem((tx) => replica.app.get(Accounts).findByVerifiedEmail(tx, ' Taken@EXAMPLE.com '));
    expect(found?.id).toBe(first.id);
  });

  it('a username is taken once, and a bad one is refused by name', async () => {
    await create({ username: 'Kim' });
    await expect(create({ username: 'kim' })).rejects.toMatchObject({ code: 'accounts/username_taken' });
    await expect(create({ username: 'k\u0456m', email: 'x' })).rejects.toMatchObject({
      code: 'lethe/invalid_request',
      details: { errors: [{ field: 'email' }, { field: 'username' }] },
    });
  });

  it.each([
    ['a passkey of a phone', 'active', '{internal}', true],
    ['one that goes with its owner', 'active', '{hybrid}', true],
    ['one whose counter went back', 'suspended', '{internal}', false],
    ['a stick that may only be a second factor', 'active', '{usb}', false],
  ])('opens by %s, or does not, without any identity provider', async (_, status, transports, expected) => {
    const { id } = await create({ emailVerified: false });
    const hasOwnWayIn = () => asSystem((tx) => replica.app.get(Accounts).hasOwnWayIn(tx, id));
    expect(await hasOwnWayIn()).toBe(false);
    await owner.query(
      `INSERT INTO webauthn_credential (id, account_id, credential_id, public_key, sign_count, transports, backed_up, name, status, created_at)
       VALUES (gen_random_uuid(), $1::uuid, decode(replace($1::text, '-', ''), 'hex'), '\\x00', 0, $2::text[], false, 'key', $3, now())`,
      [id, transports, status],
    );
    expect(await hasOwnWayIn()).toBe(expected);
  });

  it('that is blocked loses its sessions in the same transaction, and opens no other', async () => {
    const { id } = await create({});
    const signIn = replica.app.get(SignIn);
    const how = { method: 'oidc', secondFactorDone: false } as const;
    await signIn.open(id, how, ORIGIN);
    await asSystem((tx) => replica.app.get(Accounts).changeStatus(tx, id, 'blocked', ACTOR));
    expect((await owner.query('SELECT 1 FROM account_session WHERE account_id = $1', [id])).rowCount).toBe(0);
    await expect(signIn.open(id, how, ORIGIN)).rejects.toMatchObject({ code: 'accounts/account_blocked' });
    const { rows } = await owner.query('SELECT action, detail FROM audit_event WHERE target_id = $1 ORDER BY id', [id]);
    expect(rows.map(({ action }: { action: string }) => action)).toEqual(['account.created', 'account.blocked', 'account.sessions_ended']);
    expect(JSON.stringify(rows)).not.toContain('example.com');
  });

  it('sessions past their limits are swept, live ones stay', async () => {
    const { id } = await create({});
    const opened = await Promise.all(
      [0, 1, 2].map(() => replica.app.get(SignIn).open(id, { method: 'oidc', secondFactorDone: false }, ORIGIN)),
    );
    await owner.query(`UPDATE account_session SET expires_at = now() - interval '1 second' WHERE id = $1`, [opened[0]?.sessionId]);
    await owner.query(`UPDATE account_session SET last_seen_at = now() - interval '13 hours' WHERE id = $1`, [opened[1]?.sessionId]);
    const swept = await asSystem((tx) => new SessionsRepository().sweep(tx, new Date(), new Date(Date.now() - 12 * 3_600_000)));
    expect(swept).toBe(2);
    const { rows } = await owner.query('SELECT id FROM account_session WHERE account_id = $1', [id]);
    expect(rows).toEqual([{ id: opened[2]?.sessionId }]);
  });
});
