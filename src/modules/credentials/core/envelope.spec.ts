import { randomBytes } from 'node:crypto';
import { mkdtemp, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { withBitFlipped } from '../../../../test/harness/kms.js';
import type { AppError } from '../../../kernel/errors.js';
import { type CredentialId, newId, type OrganisationId } from '../../../kernel/ids.js';
import { LocalRootKey } from '../../../platform/kms/local-root-key.js';
import { rotateLocalRootKey } from '../../../platform/kms/root-key-file.js';
import { openEnvelope, rewrapEnvelope, type SealedSecret, type SecretContext, sealEnvelope } from './envelope.js';

const SECRET = Buffer.from('sk-proj-a-provider-key-of-ordinary-length-0123456789abcdef');
const UNREADABLE = { code: 'credentials/secret_unreadable', status: 500, publicMessage: expect.stringContaining('Rotate the credential') };
const context: SecretContext = { organisationId: newId<OrganisationId>(), credentialId: newId<CredentialId>(), version: 1 };
let folder: string;
let path: string;
let kms: LocalRootKey;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'lethe envelope '));
  path = join(folder, 'root.json');
  kms = new LocalRootKey({ path, allowGenerate: true });
  await kms.check();
});
afterAll(() => rm(folder, { recursive: true }));

const refusal = (sealed: SealedSecret, where = context, by = kms): Promise<unknown> =>
  openEnvelope(by, sealed, where).catch((error: unknown) => error);

describe('envelope', () => {
  it('K1: opens to what was sealed, whatever the bytes', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 5000 }), async (bytes) => {
        const sealed = await sealEnvelope(kms, Buffer.from(bytes), context);
        expect(await openEnvelope(kms, sealed, context)).toEqual(Buffer.from(bytes));
      }),
    );
  });

  it('K1: seals twice to different bytes, and neither holds the secret', async () => {
    const [one, two] = [await sealEnvelope(kms, SECRET, context), await sealEnvelope(kms, SECRET, context)];
    expect(one.ciphertext).not.toEqual(two.ciphertext);
    expect(one.wrappedKey).not.toEqual(two.wrappedKey);
    for (const bytes of [one.ciphertext, one.wrappedKey]) expect(bytes.includes(SECRET.subarray(0, 6))).toBe(false);
  });

  it('K1: every single flipped bit of the ciphertext is refused', async () => {
    const sealed = await sealEnvelope(kms, SECRET, context);
    for (let bit = 0; bit < sealed.ciphertext.length * 8; bit += 1) {
      expect(await refusal({ ...sealed, ciphertext: withBitFlipped(sealed.ciphertext, bit) })).toMatchObject(UNREADABLE);
    }
  });

  it('K1: every single flipped bit of the wrapped key is refused', async () => {
    const sealed = await sealEnvelope(kms, SECRET, context);
    for (let bit = 0; bit < sealed.wrappedKey.length * 8; bit += 1) {
      expect(await refusal({ ...sealed, wrappedKey: withBitFlipped(sealed.wrappedKey, bit) })).toMatchObject(UNREADABLE);
    }
  });

  it('K1: a row copied to another organisation, credential or version does not decrypt', async () => {
    const other = fc.record(
      { organisationId: fc.uuid(), credentialId: fc.uuid(), version: fc.integer({ min: 2, max: 1000 }) },
      { requiredKeys: [] },
    );
    const sealed = await sealEnvelope(kms, SECRET, context);
    await fc.assert(
      fc.asyncProperty(other, async (change) => {
        fc.pre(Object.keys(change).length > 0);
        expect(await refusal(sealed, { ...context, ...change } as SecretContext)).toMatchObject(UNREADABLE);
      }),
    );
    expect(
      await refusal(sealed, {
        ...context,
        organisationId: context.credentialId as string as OrganisationId,
        credentialId: context.organisationId as string as CredentialId,
      }),
    ).toMatchObject(UNREADABLE);
  });

  it("K1: a wrapped key put beside another row's ciphertext does not open it", async () => {
    const mine = await sealEnvelope(kms, SECRET, context);
    const again = await sealEnvelope(kms, SECRET, context);
    const theirs = await sealEnvelope(kms, SECRET, { ...context, organisationId: newId<OrganisationId>() });
    expect(await refusal({ ...mine, wrappedKey: again.wrappedKey })).toMatchObject(UNREADABLE);
    expect(await refusal({ ...mine, wrappedKey: theirs.wrappedKey })).toMatchObject(UNREADABLE);
    expect(await refusal({ ...mine, ciphertext: theirs.ciphertext })).toMatchObject(UNREADABLE);
  });

  it('K1: truncated, extended and empty blobs are refused at every length', async () => {
    const sealed = await sealEnvelope(kms, SECRET, context);
    for (const field of ['ciphertext', 'wrappedKey'] as const) {
      for (let length = 0; length < sealed[field].length; length += 1) {
        expect(await refusal({ ...sealed, [field]: sealed[field].subarray(0, length) })).toMatchObject(UNREADABLE);
      }
      expect(await refusal({ ...sealed, [field]: Buffer.concat([sealed[field], Buffer.alloc(1)]) })).toMatchObject(UNREADABLE);
    }
    expect(await refusal({ ...sealed, formatVersion: 2 })).toMatchObject(UNREADABLE);
    expect(await refusal({ ...sealed, kmsKeyId: '' })).toMatchObject(UNREADABLE);
  });

  it('K1: another root key does not open it', async () => {
    const stranger = new LocalRootKey({ path: join(folder, 'stranger.json'), allowGenerate: true });
    const sealed = await sealEnvelope(kms, SECRET, context);
    expect(await refusal(sealed, context, stranger)).toMatchObject(UNREADABLE);
    const kmsKeyId = await stranger.currentKeyId();
    expect(await refusal({ ...sealed, kmsKeyId }, context, stranger)).toMatchObject(UNREADABLE);
  });

  it('K2: the error says nothing of the secret, nor which check failed', async () => {
    const sealed = await sealEnvelope(kms, SECRET, context);
    const errors = [
      await refusal({ ...sealed, ciphertext: withBitFlipped(sealed.ciphertext, 99) }),
      await refusal({ ...sealed, wrappedKey: withBitFlipped(sealed.wrappedKey, 99) }),
      await refusal({ ...sealed, ciphertext: Buffer.alloc(0) }),
    ] as AppError[];
    expect(new Set(errors.map((error) => JSON.stringify([error.message, error.publicMessage, error.details]))).size).toBe(1);
    for (const error of errors) expect(`${error.stack} ${String(error.cause)}`).not.toContain('sk-proj');
  });

  it('an outage of the key management service stays an outage, for sealing, opening and re-wrapping', async () => {
    const sealed = await sealEnvelope(kms, SECRET, context);
    await rename(path, `${path}.away`);
    try {
      for (const call of [
        () => sealEnvelope(kms, SECRET, context),
        () => openEnvelope(kms, sealed, context),
        () => rewrapEnvelope(kms, sealed, context),
      ]) {
        await expect(call()).rejects.toMatchObject({ code: 'kms/unavailable', status: 503 });
      }
    } finally {
      await rename(`${path}.away`, path);
    }
    expect(await openEnvelope(kms, sealed, context)).toEqual(SECRET);
  });

  it('K3: a re-wrap after a rotation changes the wrapped key alone, and opens from then on', async () => {
    const sealed = await sealEnvelope(kms, SECRET, context);
    const current = await rotateLocalRootKey(path);
    const rewrapped = await rewrapEnvelope(kms, sealed, context);
    expect(rewrapped.kmsKeyId).toBe(current);
    expect(rewrapped.wrappedKey).not.toEqual(sealed.wrappedKey);
    expect(rewrapped.ciphertext).toBe(sealed.ciphertext);
    expect(await openEnvelope(kms, rewrapped, context)).toEqual(SECRET);
    expect(await openEnvelope(kms, sealed, context)).toEqual(SECRET);
  });

  it('K3: a re-wrap does not move a secret to another row, and refuses a damaged one', async () => {
    const sealed = await sealEnvelope(kms, SECRET, context);
    await expect(rewrapEnvelope(kms, sealed, { ...context, version: 2 })).rejects.toMatchObject(UNREADABLE);
    await expect(rewrapEnvelope(kms, { ...sealed, wrappedKey: randomBytes(61) }, context)).rejects.toMatchObject(UNREADABLE);
  });
});
