import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Replica, startReplica } from '../../../../test/harness/module-context.js';
import { createTestDatabase, type TestDatabase } from '../../../../test/harness/postgres.js';
import { DAY_MS, ManualClock } from '../../../kernel/clock.js';
import { AppError } from '../../../kernel/errors.js';
import type { OrganisationId, ProjectId } from '../../../kernel/ids.js';
import { hashSecret } from '../../../kernel/secrets.js';
import { UnitOfWork } from '../../../platform/database/unit-of-work.js';
import { OrganisationAdministration } from '../../tenants/tenants.contract.js';
import { type ApiKeyRef, type ApiKeySummary, KeyAdministration, KeyAuthenticator } from '../auth.contract.js';
import { ApiKeysRepository } from '../data/api-keys.repository.js';
import { ChangeKey } from './change-key.js';
import { EndPreviousSecret } from './end-previous-secret.js';
import { KeySnapshot } from './key-snapshot.js';
import { KeyUses } from './key-uses.js';
import { RotateKey } from './rotate-key.js';

const actor = { kind: 'system', id: 'test' } as const;
const HOME = '192.0.2.7';
const MINUTE_MS = 60_000;

describe('rotating an API key', () => {
  let database: TestDatabase;
  let owner: pg.Pool;
  let here: Replica;
  let there: Replica;
  let acme: { readonly organisationId: OrganisationId; readonly projectId: ProjectId };
  const clock = new ManualClock(Date.now());

  beforeAll(async () => {
    database = await createTestDatabase();
    owner = new pg.Pool({ connectionString: database.url });
    here = await startReplica(database.url, { clock });
    there = await startReplica(database.url, { clock });
    const organisations = here.app.get(OrganisationAdministration);
    const { id } = await organisations.createOrganisation({ slug: 'acme', name: 'Acme', kind: 'customer' }, actor);
    const project = await organisations.createProject({ organisationId: id, name: 'main' }, actor);
    acme = { organisationId: id, projectId: project.id };
  });

  afterAll(async () => {
    await here.close();
    await there.close();
    await owner.end();
    await database.drop();
  });

  async function issue(): Promise<{ readonly key: ApiKeySummary; readonly secret: string }> {
    const command = { ...acme, name: 'backend', scopes: ['inference:invoke'] as const, expiresAt: null, allowedNetworks: [] };
    const made = await here.app.get(KeyAdministration).createKey(command, actor);
    await expectSoon(there, made.secret, 'works');
    return made;
  }

  function rotate(key: ApiKeyRef, overlapMs: number | null): Promise<{ readonly key: ApiKeySummary; readonly secret: string }> {
    const until = overlapMs === null ? null : new Date(clock.nowMs() + overlapMs);
    return here.app.get(RotateKey).run(key, until, actor);
  }

  /** `works`, or the code of the refusal. */
  async function present(replica: Replica, secret: string): Promise<string> {
    try {
      await replica.app.get(KeyAuthenticator).authenticate(secret, HOME);
      return 'works';
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
      return error.code;
    }
  }

  async function expectSoon(replica: Replica, secret: string, outcome: string, withinMs = 1_000): Promise<void> {
    await expect.poll(() => present(replica, secret), { timeout: withinMs, interval: 5 }).toBe(outcome);
  }

  it('K4: the new secret works at once on every replica, and the old one until its time and not a moment longer', async () => {
    const { key, secret: old } = await issue();
    const rotated = await rotate(key, MINUTE_MS);
    expect(rotated.key).toMatchObject({ id: key.id, previousHint: key.hint, hint: rotated.secret.slice(-4) });
    for (const replica of [here, there]) expect(await present(replica, rotated.secret)).toBe('works');
    for (const replica of [here, there]) await expectSoon(replica, old, 'works');
    for (const secret of [old, rotated.secret]) {
      expect((await there.app.get(KeyAuthenticator).authenticate(secret, HOME)).id).toBe(key.id);
    }
    clock.advance(MINUTE_MS);
    for (const replica of [here, there]) {
      await expectSoon(replica, old, 'auth/rotated_key');
      expect(await present(replica, rotated.secret)).toBe('works');
    }
  });

  it('K4: without an overlap the old secret is refused within a second on every replica', async () => {
    const { key, secret: old } = await issue();
    const { secret } = await rotate(key, null);
    for (const replica of [here, there]) {
      await expectSoon(replica, old, 'auth/invalid_key');
      expect(await present(replica, secret)).toBe('works');
    }
  });

  it('K4: an overlap that is ended early, and a second rotation, stop the oldest secret within a second', async () => {
    const { key, secret: first } = await issue();
    const { secret: second } = await rotate(key, MINUTE_MS);
    const { secret: third } = await rotate(key, MINUTE_MS);
    await expectSoon(there, first, 'auth/invalid_key');
    for (const secret of [second, third]) await expectSoon(there, secret, 'works');
    await here.app.get(EndPreviousSecret).run(key, actor);
    await expectSoon(there, second, 'auth/invalid_key');
    expect(await present(there, third)).toBe('works');
  });

  it('K4: a revoked key is refused by both of its secrets within a second', async () => {
    const { key, secret: old } = await issue();
    const { secret } = await rotate(key, MINUTE_MS);
    await expectSoon(there, secret, 'works');
    await here.app.get(KeyAdministration).revokeKey(acme.organisationId, key.id, actor);
    for (const each of [old, secret]) await expectSoon(there, each, 'auth/revoked_key');
    await expect(rotate(key, null)).rejects.toMatchObject({ code: 'auth/key_revoked', status: 409 });
    const change = here.app.get(ChangeKey).run(key, { name: 'x' }, actor);
    await expect(change).rejects.toMatchObject({ code: 'auth/key_revoked' });
  });

  it('K4: a rotation that was announced while the connection was down is repaired within five seconds', async () => {
    const { key, secret: old } = await issue();
    await owner.query('ALTER TABLE api_key DISABLE TRIGGER announce');
    const { secret } = await rotate(key, null);
    await owner.query('ALTER TABLE api_key ENABLE TRIGGER announce');
    expect(await present(there, old)).toBe('works');
    await owner.query(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'lethe-changes' AND datname = $1`, [
      database.name,
    ]);
    await expectSoon(there, old, 'auth/invalid_key', 5_000);
    expect(await present(there, secret)).toBe('works');
    await expect.poll(() => here.feed.connected && there.feed.connected, { timeout: 5_000 }).toBe(true);
  });

  it('K4: a look-up by the old secret that was read before the overlap ended does not bring it back', async () => {
    const { key, secret: old } = await issue();
    await rotate(key, MINUTE_MS);
    const snapshot = here.app.get(KeySnapshot);
    await expect.poll(() => snapshot.find(hashSecret(old))?.rotated).toBe(true);
    const asOf = snapshot.generation;
    const row = await snapshot.lookUp(hashSecret(old));
    if (row === null) throw new Error('the key was there');
    await here.app.get(EndPreviousSecret).run(key, actor);
    await expectSoon(here, old, 'auth/invalid_key');
    expect(snapshot.remember(row, hashSecret(old), asOf).principal.id).toBe(key.id);
    expect(snapshot.find(hashSecret(old))).toBeUndefined();
  });

  it('refuses an overlap that lies in the past or past seven days, and another organisation’s key (A3)', async () => {
    const { key, secret } = await issue();
    for (const overlapMs of [0, -1, 7 * DAY_MS + 1]) {
      await expect(rotate(key, overlapMs)).rejects.toMatchObject({ details: { errors: [{ field: 'previousValidUntil' }] } });
    }
    const organisations = here.app.get(OrganisationAdministration);
    const { id } = await organisations.createOrganisation({ slug: 'other', name: 'Other', kind: 'customer' }, actor);
    const foreign = { organisationId: id, id: key.id };
    const keys = here.app.get(KeyAdministration);
    await expect(rotate(foreign, null)).rejects.toMatchObject({ code: 'auth/key_not_found' });
    await expect(here.app.get(ChangeKey).run(foreign, { name: 'mine' }, actor)).rejects.toMatchObject({ code: 'auth/key_not_found' });
    await expect(here.app.get(EndPreviousSecret).run(foreign, actor)).rejects.toMatchObject({ code: 'auth/key_not_found' });
    const rows = new ApiKeysRepository();
    await here.app.get(UnitOfWork).forOrganisation(id, async (tx) => {
      expect(await rows.lock(tx, acme.organisationId, key.id)).toBeNull();
      expect(await rows.dropPreviousSecret(tx, acme.organisationId, key.id)).toBe(false);
      await rows.change(tx, { ...key, name: 'mine' });
      await rows.replaceSecret(tx, key, { hash: hashSecret('mine'), hint: 'mine' }, null);
      await rows.markPreviousUsed(tx, new Map([[key.id, 1]]));
    });
    expect(await present(here, secret)).toBe('works');
    expect((await keys.readKey(acme.organisationId, key.id)).name).toBe('backend');
  });

  it('says when the old secret was last used, so that people know when nobody needs it', async () => {
    const { key, secret: old } = await issue();
    const { secret } = await rotate(key, MINUTE_MS);
    await present(here, secret);
    const read = (): Promise<ApiKeySummary> => here.app.get(KeyAdministration).readKey(acme.organisationId, key.id);
    await here.app.get(KeyUses).flush();
    expect((await read()).previousLastUsedAt).toBeNull();
    await expectSoon(here, old, 'works');
    const usedAt = clock.now();
    await here.app.get(KeyUses).flush();
    expect(await read()).toMatchObject({ previousLastUsedAt: usedAt, lastUsedAt: usedAt });
    await rotate(key, null);
    expect(await read()).toMatchObject({ previousHint: null, previousExpiresAt: null, previousLastUsedAt: null, lastUsedAt: usedAt });
  });

  it('K4: scopes, networks and expiry can be changed, hold everywhere within a second, and are audited without values that name anyone', async () => {
    const { key, secret } = await issue();
    await here.app.get(ChangeKey).run(key, { allowedNetworks: ['198.51.100.0/24'] }, actor);
    await expectSoon(there, secret, 'auth/network_not_allowed');
    await here.app.get(ChangeKey).run(key, { allowedNetworks: [], scopes: ['usage:read'] }, actor);
    await expectSoon(there, secret, 'works');
    await expect
      .poll(async () => [...(await there.app.get(KeyAuthenticator).authenticate(secret, HOME)).permissions])
      .toEqual(['identity:read', 'usage:read']);
    await here.app.get(ChangeKey).run(key, { expiresAt: new Date(clock.nowMs() + 1_000) }, actor);
    await here.app.get(ChangeKey).run(key, {}, actor);
    clock.advance(1_000);
    await expectSoon(there, secret, 'auth/expired_key');
    await here.app.get(ChangeKey).run(key, { name: 'renamed while expired' }, actor);
    const { rows } = await owner.query('SELECT action, detail FROM audit_event WHERE target_id = $1 ORDER BY id', [key.id]);
    expect(rows.map(({ action, detail }) => [action, detail.fields])).toEqual([
      ['api_key.created', undefined],
      ['api_key.changed', ['allowedNetworks']],
      ['api_key.changed', ['scopes', 'allowedNetworks']],
      ['api_key.changed', ['expiresAt']],
      ['api_key.changed', ['name']],
    ]);
    expect(JSON.stringify(rows)).not.toContain('198.51.100');
  });

  it('refuses a change to what no key may have, and changes nothing', async () => {
    const { key } = await issue();
    const keys = here.app.get(KeyAdministration);
    const cases = [
      [{ expiresAt: clock.now() }, 'expiresAt'],
      [{ scopes: [] }, 'scopes'],
      [{ allowedNetworks: ['nowhere'] }, 'allowedNetworks[0]'],
    ] as const;
    for (const [change, field] of cases) {
      await expect(here.app.get(ChangeKey).run(key, change, actor)).rejects.toMatchObject({ details: { errors: [{ field }] } });
    }
    expect(await keys.readKey(acme.organisationId, key.id)).toMatchObject({ scopes: key.scopes, expiresAt: null, allowedNetworks: [] });
  });
});
