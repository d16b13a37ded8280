import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { ConfigurationApp } from '../../../../test/harness/configuration.js';
import { SteerableKeeper } from '../../../../test/harness/steerable-keeper.js';
import { type CredentialId, newId, type OrganisationId } from '../../../kernel/ids.js';
import { rotateLocalRootKey } from '../../../platform/kms/root-key-file.js';
import { CredentialAdministration, CredentialDirectory, CredentialVault } from '../credentials.contract.js';
import { CredentialsModule } from '../credentials.module.js';
import { type CredentialRow, ProviderCredential } from '../data/provider-credential.entity.js';
import { RewrapCredentialsJob } from '../jobs/rewrap-credentials.job.js';

const COUNT = 45;
const actor = { kind: 'system', id: 'test' } as const;
let lethe: ConfigurationApp;
let organisationId: OrganisationId;
let administration: CredentialAdministration;
let keeper: SteerableKeeper;
const secretOf = new Map<CredentialId, string>();

beforeAll(async () => {
  lethe = await ConfigurationApp.start([CredentialsModule], {
    settings: { credentialCacheSeconds: 0 },
    kms: (local) => {
      keeper = new SteerableKeeper(local);
      return keeper;
    },
  });
  administration = lethe.get(CredentialAdministration);
  organisationId = await lethe.organisation();
  for (let index = 0; index < COUNT; index += 1) await issue(`sk-secret-number-${index}-of-many`);
});
afterAll(() => lethe.stop());
beforeEach(() => {
  keeper.mode = 'up';
  keeper.wraps = 0;
  keeper.beforeWrap = () => undefined;
});

async function issue(secret: string): Promise<CredentialId> {
  const { id } = await administration.issue(actor, organisationId, { name: newId(), provider: 'openai', secret });
  secretOf.set(id, secret);
  await lethe.until(() => lethe.get(CredentialDirectory).find(id) !== null);
  return id;
}

const rows = (): Promise<CredentialRow[]> => lethe.unitOfWork.asSystem((tx) => tx.find(ProviderCredential, { order: { id: 'ASC' } }));
const keyIds = async () => new Set((await rows()).map((row) => row.kmsKeyId));
const openAll = async () => {
  for (const [id, secret] of secretOf) expect(await lethe.get(CredentialVault).open(id)).toBe(secret);
};

describe('re-wrapping after a rotation of the root key', () => {
  it('K3: moves every data key, leaves every other column as it was, and calls go on meanwhile', async () => {
    const before = await rows();
    const current = await rotateLocalRootKey(lethe.rootKeyPath);
    let done = false;
    const callers = Array.from({ length: 4 }, async () => {
      while (!done) await openAll();
    });
    expect(await administration.rewrapAll()).toEqual({ rewrapped: COUNT, overtaken: 0, unreadable: 0 });
    done = true;
    await Promise.all(callers);
    await openAll();
    const after = await rows();
    expect(after.map((row) => row.kmsKeyId)).toEqual(before.map(() => current));
    const untouched = (row: CredentialRow) => ({ ...row, wrappedKey: null, kmsKeyId: null });
    expect(after.map(untouched)).toEqual(before.map(untouched));
    expect(await administration.rewrapAll()).toEqual({ rewrapped: 0, overtaken: 0, unreadable: 0 });
    const audit = await lethe.owner.query(`SELECT DISTINCT detail FROM audit_event WHERE action = 'credential.rewrapped'`);
    expect(audit.rows).toEqual([{ detail: { from: before[0]?.kmsKeyId, to: current } }]);
  });

  it('K3: a run that died in the middle is taken up by the next, which does only the rest', async () => {
    const current = await rotateLocalRootKey(lethe.rootKeyPath);
    const reached = Promise.withResolvers<void>();
    // As when the process is killed: the run never gets to its next line.
    keeper.beforeWrap = (wraps) => {
      if (wraps < 17) return;
      reached.resolve();
      return new Promise(() => undefined);
    };
    void administration.rewrapAll();
    await reached.promise;
    expect((await rows()).filter((row) => row.kmsKeyId === current)).toHaveLength(17);
    await openAll();
    keeper.beforeWrap = () => undefined;
    await lethe.get(RewrapCredentialsJob).run(new AbortController().signal);
    expect(await keyIds()).toEqual(new Set([current]));
    expect(keeper.wraps).toBe(COUNT);
    await openAll();
  });

  it('K3: an outage in the middle ends the run and loses nothing', async () => {
    const current = await rotateLocalRootKey(lethe.rootKeyPath);
    keeper.beforeWrap = (wraps) => {
      if (wraps === 5) keeper.mode = 'down';
    };
    await expect(administration.rewrapAll()).rejects.toMatchObject({ code: 'kms/unavailable' });
    keeper.mode = 'up';
    keeper.beforeWrap = () => undefined;
    expect(await administration.rewrapAll()).toMatchObject({ rewrapped: COUNT - 5, unreadable: 0 });
    expect(await keyIds()).toEqual(new Set([current]));
    await openAll();
  });

  it('K3: a credential rotated while it is being re-wrapped keeps its new secret', async () => {
    await rotateLocalRootKey(lethe.rootKeyPath);
    const [id] = [...secretOf.keys()];
    const secret = 'sk-rotated-in-the-middle';
    keeper.beforeWrap = async (wraps) => {
      if (wraps !== 0) return;
      keeper.beforeWrap = () => undefined;
      await lethe.request('POST', `/organisations/${organisationId}/credentials/${id}/rotate`, { secret });
    };
    expect(await administration.rewrapAll()).toEqual({ rewrapped: COUNT - 1, overtaken: 1, unreadable: 0 });
    if (id) secretOf.set(id, secret);
    await lethe.until(async () => (await lethe.get(CredentialVault).open(id as CredentialId)) === secret);
    await openAll();
  });

  it('K3: two runs at once do the work once', async () => {
    const current = await rotateLocalRootKey(lethe.rootKeyPath);
    const [one, two] = await Promise.all([administration.rewrapAll(), administration.rewrapAll()]);
    expect(one.rewrapped + two.rewrapped).toBe(COUNT);
    expect(await keyIds()).toEqual(new Set([current]));
    await openAll();
  });

  it('K3: a secret that does not open is named in the log and holds up nobody', async () => {
    const current = await rotateLocalRootKey(lethe.rootKeyPath);
    const [broken] = [...secretOf.keys()];
    await lethe.owner.query(`UPDATE provider_credential SET wrapped_key = '\\x00' WHERE id = $1`, [broken]);
    expect(await administration.rewrapAll()).toEqual({ rewrapped: COUNT - 1, overtaken: 0, unreadable: 1 });
    expect(lethe.lines.some((line) => line.includes('could not be re-wrapped') && line.includes(broken ?? '?'))).toBe(true);
    expect((await rows()).filter((row) => row.kmsKeyId !== current).map((row) => row.id)).toEqual([broken]);
  });
});
