import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { expectDamageRefused } from '../../../test/harness/kms.js';
import { Pkcs11, type Pkcs11Options } from './pkcs11.js';

const CONTEXT = { purpose: 'test', organisation: 'o1' };
const PIN = '4711-pin-that-must-not-leak';
const TOKEN = 'lethe test';
const LIBRARY = [
  '/usr/lib/softhsm/libsofthsm2.so',
  '/usr/lib/x86_64-linux-gnu/softhsm/libsofthsm2.so',
  '/usr/lib/aarch64-linux-gnu/softhsm/libsofthsm2.so',
  '/usr/lib64/pkcs11/libsofthsm2.so',
  '/usr/local/lib/softhsm/libsofthsm2.so',
  '/opt/homebrew/lib/softhsm/libsofthsm2.so',
].find(existsSync);

const UTILITY = ['/usr/bin', '/usr/local/bin', '/opt/homebrew/bin'].map((folder) => join(folder, 'softhsm2-util')).find(existsSync);

/** Makes an AES-256 key in the token from another process, as an operator's tool would. */
const MAKE_KEY = `
  const p = require(process.argv[1]); const [library, token, pin, label, id] = process.argv.slice(2);
  const m = new p.PKCS11(); m.load(library); m.C_Initialize();
  const slot = m.C_GetSlotList(true).find((s) => m.C_GetTokenInfo(s).label.trim() === token);
  const session = m.C_OpenSession(slot, p.CKF_SERIAL_SESSION | p.CKF_RW_SESSION);
  m.C_Login(session, p.CKU_USER, pin);
  m.C_GenerateKey(session, { mechanism: p.CKM_AES_KEY_GEN }, [
    { type: p.CKA_TOKEN, value: true }, { type: p.CKA_PRIVATE, value: true }, { type: p.CKA_SENSITIVE, value: true }, { type: p.CKA_EXTRACTABLE, value: false },
    { type: p.CKA_ENCRYPT, value: true }, { type: p.CKA_DECRYPT, value: true }, { type: p.CKA_VALUE_LEN, value: 32 },
    { type: p.CKA_LABEL, value: label }, { type: p.CKA_ID, value: Buffer.from(id, 'hex') }]);
`;

function bindingPath(): string | null {
  try {
    const require = createRequire(import.meta.url);
    require('pkcs11js'); // Present on disk is not enough: it may lack its compiled half.
    return require.resolve('pkcs11js');
  } catch {
    return null;
  }
}

const binding = bindingPath();
const missing = [!(LIBRARY && UTILITY) && 'SoftHSM2 (apt-get install softhsm2)', !binding && 'pkcs11js (npm install, with a C++ compiler)']
  .filter(Boolean)
  .join(' and ');

describe.skipIf(missing !== '')(`PKCS#11, on a SoftHSM2 token${missing && ` — skipped for want of ${missing}`}`, () => {
  let folder: string;
  let kms: Pkcs11;
  const opened: Pkcs11[] = [];

  function connect(options: Partial<Pkcs11Options> = {}): Pkcs11 {
    const made = new Pkcs11({ libraryPath: LIBRARY as string, tokenLabel: TOKEN, pin: PIN, keyLabel: 'root 1', ...options });
    opened.push(made);
    return made;
  }

  function makeKey(label: string, id: string): void {
    execFileSync(process.execPath, ['-e', MAKE_KEY, binding as string, LIBRARY as string, TOKEN, PIN, label, id]);
  }

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'lethe-softhsm-'));
    mkdirSync(join(folder, 'tokens'));
    const configuration = join(folder, 'softhsm2.conf');
    writeFileSync(configuration, `directories.tokendir = ${join(folder, 'tokens')}\nobjectstore.backend = file\nlog.level = ERROR\n`);
    process.env.SOFTHSM2_CONF = configuration;
    execFileSync(UTILITY as string, ['--init-token', '--free', '--label', TOKEN, '--pin', PIN, '--so-pin', 'so-pin-1234']);
    makeKey('root 1', '01');
    kms = connect();
  });
  afterAll(async () => {
    await Promise.all(opened.map((one) => one.dispose()));
    rmSync(folder, { recursive: true });
  });

  it('wraps, unwraps and passes the check', async () => {
    const dataKey = randomBytes(32);
    const wrapped = await kms.wrap(dataKey, CONTEXT);
    expect(wrapped.kmsKeyId).toBe('pkcs11:token=lethe%20test;object=root%201;id=%01');
    expect(await kms.currentKeyId()).toBe(wrapped.kmsKeyId);
    expect(await kms.unwrap(wrapped, CONTEXT)).toEqual(dataKey);
    await kms.check();
  });

  it('serves concurrent calls one after the other', async () => {
    const keys = Array.from({ length: 50 }, () => randomBytes(32));
    const wrapped = await Promise.all(keys.map((key) => kms.wrap(key, CONTEXT)));
    expect(await Promise.all(wrapped.map((one) => kms.unwrap(one, CONTEXT)))).toEqual(keys);
  });

  it('K1: a wrapped key opens in its own context only; every flipped bit and truncation is refused', async () => {
    const wrapped = await kms.wrap(randomBytes(32), CONTEXT);
    await expect(kms.unwrap(wrapped, { ...CONTEXT, organisation: 'o2' })).rejects.toMatchObject({ code: 'kms/refused', status: 500 });
    for (const kmsKeyId of [
      'local:1',
      'pkcs11:token=other;object=root%201;id=%01',
      'pkcs11:token=lethe%20test;object=gone',
      'pkcs11:token=%zz;object=a',
      'pkcs11:token=lethe%20test;object=root%201',
    ]) {
      await expect(kms.unwrap({ ...wrapped, kmsKeyId }, CONTEXT)).rejects.toMatchObject({ code: 'kms/refused' });
    }
    await expectDamageRefused(kms, wrapped, CONTEXT, 60);
  });

  it('K3: naming a new key wraps by it, and the old rows still open', async () => {
    const dataKey = randomBytes(32);
    const old = await kms.wrap(dataKey, CONTEXT);
    makeKey('root 2', '02');
    const rotated = connect({ keyLabel: 'root 2' });
    expect(await rotated.unwrap(old, CONTEXT)).toEqual(dataKey);
    const fresh = await rotated.wrap(dataKey, CONTEXT);
    expect(fresh.kmsKeyId).toBe(await rotated.currentKeyId());
    expect(fresh.kmsKeyId).not.toBe(old.kmsKeyId);
    expect(await kms.unwrap(fresh, CONTEXT)).toEqual(dataKey);
  });

  it('says which setting is wrong', async () => {
    await expect(connect({ keyLabel: 'absent' }).check()).rejects.toMatchObject({
      code: 'kms/misconfigured',
      publicMessage: expect.stringContaining('LETHE_PKCS11_KEY_LABEL'),
    });
    await expect(connect({ tokenLabel: 'absent' }).check()).rejects.toMatchObject({
      code: 'kms/unavailable',
      publicMessage: expect.stringContaining('LETHE_PKCS11_TOKEN_LABEL'),
    });
    await expect(connect({ libraryPath: '/nowhere/lib.so' }).check()).rejects.toMatchObject({
      code: 'kms/misconfigured',
      publicMessage: expect.stringContaining('LETHE_PKCS11_LIBRARY'),
    });
    makeKey('twice', '0a');
    makeKey('twice', '0b');
    await expect(connect({ keyLabel: 'twice' }).check()).rejects.toMatchObject({
      code: 'kms/misconfigured',
      publicMessage: expect.stringContaining('more than one'),
    });
  });

  it('an outage is never read as corruption: a token that vanished is unavailable, and serves again when it is back', async () => {
    const wrapped = await kms.wrap(randomBytes(32), CONTEXT);
    await Promise.all(opened.splice(0).map((one) => one.dispose()));
    renameSync(join(folder, 'tokens'), join(folder, 'unplugged'));
    mkdirSync(join(folder, 'tokens'));
    kms = connect();
    await expect(kms.unwrap(wrapped, CONTEXT)).rejects.toMatchObject({ code: 'kms/unavailable', status: 503 });
    const asked = performance.now();
    for (let call = 0; call < 1_000; call += 1) await kms.unwrap(wrapped, CONTEXT).catch(() => undefined);
    expect(performance.now() - asked).toBeLessThan(1_000); // A token that is away is not looked for on every call.
    await kms.dispose();
    rmSync(join(folder, 'tokens'), { recursive: true });
    renameSync(join(folder, 'unplugged'), join(folder, 'tokens'));
    kms = connect();
    await expect(kms.unwrap(wrapped, CONTEXT)).resolves.toHaveLength(32);
    renameSync(join(folder, 'tokens'), join(folder, 'unplugged'));
    try {
      await expect(kms.unwrap(wrapped, CONTEXT)).rejects.not.toMatchObject({ code: 'kms/refused' });
    } finally {
      renameSync(join(folder, 'unplugged'), join(folder, 'tokens'));
    }
    await kms.check();
  });

  it('does not run the call when its caller has gone', async () => {
    await expect(kms.wrap(randomBytes(32), CONTEXT, AbortSignal.abort())).rejects.toMatchObject({ code: 'kms/unavailable' });
  });

  it('offers a wrong PIN once and never again, so that the token is not locked', async () => {
    // A login holds for the whole process, so the others log out first.
    await Promise.all(opened.splice(0).map((one) => one.dispose()));
    const wrong = connect({ pin: `${PIN}x` });
    const errors = [];
    for (let attempt = 0; attempt < 5; attempt += 1) errors.push(await wrong.check().catch((error: unknown) => error));
    for (const error of errors) {
      expect(error).toMatchObject({ code: 'kms/denied' });
      expect(error).toBe(errors[0]);
      expect(JSON.stringify([error, (error as Error).stack, String((error as Error).cause)])).not.toContain(PIN);
    }
    kms = connect();
    await kms.check();
  });
});
