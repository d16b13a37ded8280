import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { ConfigurationApp } from '../../../../test/harness/configuration.js';
import { SteerableKeeper } from '../../../../test/harness/steerable-keeper.js';
import { ManualClock } from '../../../kernel/clock.js';
import { type CredentialId, newId, type OrganisationId } from '../../../kernel/ids.js';
import { ChangeFeed } from '../../../platform/database/change-feed.js';
import { CredentialAdministration, CredentialDirectory, CredentialVault } from '../credentials.contract.js';
import { CredentialsModule } from '../credentials.module.js';
import { CachedVault } from './cached-vault.js';

const SECRET = 'sk-proj-Kp7vNq2xT9wLm4RzYb8cHd6e';
const SECOND = 'sk-proj-Zz1yXx2wVv3uTt4sRr5qPp6o';
const KEEP_SECONDS = 60;

let lethe: ConfigurationApp;
let vault: CachedVault;
let organisationId: OrganisationId;
let keeper: SteerableKeeper;
const clock = new ManualClock(Date.now());

beforeAll(async () => {
  lethe = await ConfigurationApp.start([CredentialsModule], {
    clock,
    settings: { credentialCacheSeconds: KEEP_SECONDS },
    kms: (local) => {
      keeper = new SteerableKeeper(local);
      return keeper;
    },
  });
  vault = lethe.get(CredentialVault) as CachedVault;
  organisationId = await lethe.organisation();
});
afterAll(() => lethe.stop());
beforeEach(() => {
  keeper.mode = 'up';
  keeper.unwraps = 0;
});

async function issue(): Promise<CredentialId> {
  const credential = { name: newId(), provider: 'openai', secret: SECRET } as const;
  const { id } = await lethe.get(CredentialAdministration).issue({ kind: 'system', id: 'test' }, organisationId, credential);
  await lethe.until(() => lethe.get(CredentialDirectory).find(id) !== null);
  return id;
}

const rotate = (id: CredentialId) => lethe.request('POST', `/organisations/${organisationId}/credentials/${id}/rotate`, { secret: SECOND });
/** The vault's own buffer, to see it overwritten. */
const keptBytes = (id: CredentialId): Buffer | undefined =>
  (vault as unknown as { opened: ReadonlyMap<CredentialId, { bytes: Buffer }> }).opened.get(id)?.bytes;
const open = async (id: CredentialId): Promise<string> => vault.open(id);

describe('the vault', () => {
  it('opens a credential once for all who ask at the same time, and then from memory', async () => {
    const id = await issue();
    const secrets = await Promise.all(Array.from({ length: 50 }, () => open(id)));
    expect(new Set(secrets)).toEqual(new Set([SECRET]));
    expect(vault.open(id)).toBe(SECRET);
    expect(keeper.unwraps).toBe(1);
  });

  it('K2: keeps an opened secret no longer than its time, however often it is asked for', async () => {
    const id = await issue();
    await open(id);
    for (let second = 0; second < KEEP_SECONDS; second += 1) {
      expect(vault.open(id)).toBe(SECRET);
      clock.advance(1_000);
    }
    expect(await vault.open(id)).toBe(SECRET);
    expect(keeper.unwraps).toBe(2);
  });

  it('K1: while the key management service is away opened secrets go on for the rest of their time, then calls fail and recover', async () => {
    const [opened, sealed] = [await issue(), await issue()];
    await open(opened);
    keeper.mode = 'down';
    await expect(open(sealed)).rejects.toMatchObject({ code: 'kms/unavailable', status: 503 });
    clock.advance((KEEP_SECONDS - 1) * 1_000);
    expect(await open(opened)).toBe(SECRET);
    clock.advance(1_000);
    await expect(open(opened)).rejects.toMatchObject({ code: 'kms/unavailable' });
    keeper.mode = 'up';
    clock.advance(1_000);
    for (const id of [opened, sealed]) expect(await open(id)).toBe(SECRET);
  });

  it('asks a service that is down about once a second, however many calls want it', async () => {
    const id = await issue();
    keeper.mode = 'down';
    for (let call = 0; call < 100; call += 1) await expect(open(id)).rejects.toMatchObject({ code: 'kms/unavailable' });
    expect(keeper.unwraps).toBe(1);
    clock.advance(1_000);
    await expect(open(id)).rejects.toMatchObject({ code: 'kms/unavailable' });
    expect(keeper.unwraps).toBe(2);
  });

  it('K2: forgets a secret at once when its credential is rotated, and overwrites it', async () => {
    const id = await issue();
    await open(id);
    const bytes = keptBytes(id);
    expect(bytes?.toString()).toBe(SECRET);
    await rotate(id);
    await lethe.until(() => keptBytes(id) === undefined);
    expect(bytes).toEqual(Buffer.alloc(SECRET.length));
    expect(await open(id)).toBe(SECOND);
  });

  it('K3: a secret that was being opened while its credential was rotated goes to those who asked before', async () => {
    const id = await issue();
    keeper.mode = 'held';
    const asked = open(id);
    await lethe.until(() => keeper.unwraps === 1);
    const { revision } = lethe.get(CredentialDirectory);
    await rotate(id);
    await lethe.until(() => lethe.get(CredentialDirectory).revision > revision);
    const askedLater = open(id);
    keeper.mode = 'up';
    keeper.letGo();
    expect(await asked).toBe(SECRET);
    expect(await askedLater).toBe(SECOND);
    expect(await open(id)).toBe(SECOND);
  });

  it('K3: a secret that was overtaken while it was being opened is not kept, even when nobody asked for the new one', async () => {
    const id = await issue();
    keeper.mode = 'held';
    const asked = open(id);
    await lethe.until(() => keeper.unwraps === 1);
    const { revision } = lethe.get(CredentialDirectory);
    await rotate(id);
    await lethe.until(() => lethe.get(CredentialDirectory).revision > revision);
    keeper.mode = 'up';
    keeper.letGo();
    expect(await asked).toBe(SECRET);
    expect(keptBytes(id)).toBeUndefined();
    expect(await open(id)).toBe(SECOND);
  });

  it('K2: overwrites all it has when the process stops', async () => {
    const id = await issue();
    await open(id);
    const bytes = keptBytes(id);
    vault.onModuleDestroy();
    expect(vault.size).toBe(0);
    expect(bytes).toEqual(Buffer.alloc(SECRET.length));
    expect(await open(id)).toBe(SECRET);
  });

  it('K2: a time of zero keeps nothing', async () => {
    const none = await ConfigurationApp.start([CredentialsModule], { settings: { credentialCacheSeconds: 0 } });
    const organisation = await none.organisation();
    const issued = await none
      .get(CredentialAdministration)
      .issue({ kind: 'system', id: 'test' }, organisation, { name: 'n', provider: 'openai', secret: SECRET });
    await none.until(() => none.get(CredentialDirectory).find(issued.id) !== null);
    const other = none.get(CredentialVault) as CachedVault;
    expect(await other.open(issued.id)).toBe(SECRET);
    expect(other.size).toBe(0);
    await none.stop();
  });

  it('a full re-read keeps what is opened and forgets what changed unheard', async () => {
    const [same, changed] = [await issue(), await issue()];
    for (const id of [same, changed]) await open(id);
    await lethe.owner.query('ALTER TABLE provider_credential DISABLE TRIGGER announce');
    await rotate(changed);
    await lethe.owner.query('ALTER TABLE provider_credential ENABLE TRIGGER announce');
    expect(await open(changed)).toBe(SECRET);
    await lethe.owner.query(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'lethe-changes' AND datname = current_database()`,
    );
    await lethe.until(() => !lethe.get(ChangeFeed).connected);
    await lethe.until(async () => (await open(changed)) === SECOND);
    keeper.mode = 'down';
    expect(vault.open(same)).toBe(SECRET);
  });
});
