import { createCipheriv, createDecipheriv, randomBytes, randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { expectDamageRefused, KeeperStandIn } from '../../../test/harness/kms.js';
import type { AppError } from '../../kernel/errors.js';
import { AwsKms, type AwsKmsOptions } from './aws-kms.js';

const ARN = 'arn:aws:kms:eu-central-1:111122223333:key/';
const CONTEXT = { purpose: 'test', organisation: 'o1' };
const SECRET_ACCESS_KEY = 'stand-in-secret-access-key';

interface KmsRequest {
  readonly KeyId: string;
  readonly Plaintext?: string;
  readonly CiphertextBlob?: string;
  readonly EncryptionContext?: Record<string, string>;
}

/** Speaks AWS JSON 1.1 as KMS does: encrypts for real, enforces the encryption context and answers with AWS's error shapes. */
class KmsStandIn extends KeeperStandIn {
  readonly keys = new Map([
    ['1', randomBytes(32)],
    ['2', randomBytes(32)],
  ]);
  readonly targets: string[] = [];
  aliasPointsTo = '1';
  fault: { readonly status: number; readonly type: string; readonly times: number } | 'hang' | 'drop' | null = null;

  protected override serve(request: IncomingMessage, response: ServerResponse, sent: Buffer): void {
    const target = String(request.headers['x-amz-target']).replace('TrentService.', '');
    this.targets.push(target);
    if (this.fault === 'hang') return;
    if (this.fault === 'drop') return void request.socket.destroy();
    if (!request.headers.authorization?.startsWith('AWS4-HMAC-SHA256 Credential=AKIDSTANDIN/'))
      return send(response, 400, {
        __type: 'UnrecognizedClientException',
        message: 'The security token included in the request is invalid.',
      });
    if (this.fault) {
      const { status, type, times } = this.fault;
      this.fault = times > 1 ? { status, type, times: times - 1 } : null;
      return send(response, status, { __type: type, message: `stand-in says ${type}` });
    }
    this.answer(target, JSON.parse(sent.toString()) as KmsRequest, response);
  }

  private answer(target: string, body: KmsRequest, response: ServerResponse): void {
    const name = body.KeyId === 'alias/lethe' ? this.aliasPointsTo : body.KeyId.replace(ARN, '');
    const key = this.keys.get(name);
    if (!key) return send(response, 400, { __type: 'NotFoundException', message: `Key '${body.KeyId}' does not exist` });
    const KeyId = ARN + name;
    if (target === 'DescribeKey') return send(response, 200, { KeyMetadata: { Arn: KeyId, KeyId: name, Enabled: true } });
    const context = Buffer.from(JSON.stringify(Object.entries(body.EncryptionContext ?? {}).sort(([a], [b]) => (a < b ? -1 : 1))));
    if (target === 'Encrypt') {
      const iv = randomBytes(12);
      const cipher = createCipheriv('aes-256-gcm', key, iv).setAAD(context);
      const sealed = [cipher.update(Buffer.from(body.Plaintext ?? '', 'base64')), cipher.final(), cipher.getAuthTag()];
      return send(response, 200, {
        CiphertextBlob: Buffer.concat([Buffer.from(name), iv, ...sealed]).toString('base64'),
        KeyId,
        EncryptionAlgorithm: 'SYMMETRIC_DEFAULT',
      });
    }
    const blob = Buffer.from(body.CiphertextBlob ?? '', 'base64');
    const madeBy = blob.subarray(0, 1).toString();
    if (madeBy !== name && this.keys.has(madeBy))
      return send(response, 400, {
        __type: 'IncorrectKeyException',
        message: 'The key ID in the request does not identify a CMK that can perform this operation.',
      });
    try {
      const decipher = createDecipheriv('aes-256-gcm', key, blob.subarray(1, 13), { authTagLength: 16 })
        .setAAD(context)
        .setAuthTag(blob.subarray(-16));
      const opened = Buffer.concat([decipher.update(blob.subarray(13, -16)), decipher.final()]);
      if (madeBy !== name) throw new Error('bad header');
      send(response, 200, { KeyId, Plaintext: opened.toString('base64'), EncryptionAlgorithm: 'SYMMETRIC_DEFAULT' });
    } catch {
      send(response, 400, { __type: 'InvalidCiphertextException' });
    }
  }
}

function send(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/x-amz-json-1.1', 'x-amzn-requestid': randomUUID() });
  response.end(JSON.stringify(body));
}

const standIn = new KmsStandIn();
let endpoint: string;
let kms: AwsKms;

function connect(options: Partial<AwsKmsOptions> = {}): AwsKms {
  const credentials = { accessKeyId: 'AKIDSTANDIN', secretAccessKey: SECRET_ACCESS_KEY };
  return new AwsKms({ keyId: 'alias/lethe', region: 'eu-central-1', endpoint, credentials, ...options });
}

beforeAll(async () => {
  endpoint = await standIn.listen();
  kms = connect();
});
beforeEach(() => {
  standIn.fault = null;
});
afterAll(async () => {
  await kms.dispose();
  standIn.close();
});

describe('AWS KMS', () => {
  it('wraps, unwraps and passes the check', async () => {
    const dataKey = randomBytes(32);
    const wrapped = await kms.wrap(dataKey, CONTEXT);
    expect(wrapped.kmsKeyId).toBe(`${ARN}1`);
    expect(wrapped.blob.includes(dataKey)).toBe(false);
    expect(await kms.unwrap(wrapped, CONTEXT)).toEqual(dataKey);
    await kms.check();
  });

  it('K1: a wrapped key opens in its own encryption context and under its own key only', async () => {
    const wrapped = await kms.wrap(randomBytes(32), CONTEXT);
    await expect(kms.unwrap(wrapped, { ...CONTEXT, organisation: 'o2' })).rejects.toMatchObject({ code: 'kms/refused', status: 500 });
    await expect(kms.unwrap({ ...wrapped, kmsKeyId: `${ARN}2` }, CONTEXT)).rejects.toMatchObject({ code: 'kms/refused' });
    await expect(kms.unwrap({ ...wrapped, kmsKeyId: 'local:1' }, CONTEXT)).rejects.toMatchObject({ code: 'kms/refused' });
  });

  it('K1: flipped bits, truncations and blobs too long are refused', async () => {
    const wrapped = await kms.wrap(randomBytes(32), CONTEXT);
    await expectDamageRefused(kms, wrapped, CONTEXT);
    const blob = Buffer.concat([wrapped.blob, Buffer.alloc(7000)]);
    await expect(kms.unwrap({ ...wrapped, blob }, CONTEXT)).rejects.toMatchObject({ code: 'kms/refused' });
  });

  it('K3: after the alias moves to another key the current id changes, and the old rows still open', async () => {
    const dataKey = randomBytes(32);
    const old = await kms.wrap(dataKey, CONTEXT);
    standIn.aliasPointsTo = '2';
    try {
      expect(await kms.currentKeyId()).toBe(`${ARN}2`);
      expect((await kms.wrap(dataKey, CONTEXT)).kmsKeyId).toBe(`${ARN}2`);
      expect(await kms.unwrap(old, CONTEXT)).toEqual(dataKey);
    } finally {
      standIn.aliasPointsTo = '1';
    }
  });

  it('needs no call to know the current key when the setting is its ARN', async () => {
    const before = standIn.targets.length;
    expect(await connect({ keyId: `${ARN}1` }).currentKeyId()).toBe(`${ARN}1`);
    expect(standIn.targets.length).toBe(before);
  });

  it.each([
    ['AccessDeniedException', 400, 'kms/denied'],
    ['ExpiredTokenException', 400, 'kms/denied'],
    ['KMSInvalidStateException', 400, 'kms/denied'],
    ['DisabledException', 400, 'kms/denied'],
    ['NotFoundException', 400, 'kms/misconfigured'],
    ['ThrottlingException', 400, 'kms/unavailable'],
    ['DependencyTimeoutException', 503, 'kms/unavailable'],
    ['KMSInternalException', 500, 'kms/unavailable'],
    ['KeyUnavailableException', 500, 'kms/unavailable'],
    ['SomethingNewException', 400, 'kms/unavailable'],
    ['InvalidCiphertextException', 400, 'kms/refused'],
  ])('reads %s (%i) as %s', async (type, status, code) => {
    const wrapped = await kms.wrap(randomBytes(32), CONTEXT);
    standIn.fault = { status, type, times: 2 };
    await expect(kms.unwrap(wrapped, CONTEXT)).rejects.toMatchObject({ code });
  });

  it('says which setting is missing when no region is known', async () => {
    const { AWS_REGION, AWS_DEFAULT_REGION, AWS_CONFIG_FILE } = process.env;
    Object.assign(process.env, { AWS_CONFIG_FILE: '/nowhere', AWS_REGION: '', AWS_DEFAULT_REGION: '' });
    try {
      await expect(connect({ region: undefined }).check()).rejects.toMatchObject({
        code: 'kms/misconfigured',
        publicMessage: expect.stringContaining('LETHE_AWS_KMS_REGION'),
      });
    } finally {
      for (const [name, value] of Object.entries({ AWS_REGION, AWS_DEFAULT_REGION, AWS_CONFIG_FILE })) {
        if (value === undefined) delete process.env[name];
        else process.env[name] = value;
      }
    }
  });

  it('retries once when throttled', async () => {
    standIn.fault = { status: 400, type: 'ThrottlingException', times: 1 };
    await expect(kms.wrap(randomBytes(32), CONTEXT)).resolves.toBeDefined();
  });

  it('an outage is never read as corruption: dropped connections, refused ports and silence are unavailable', async () => {
    const wrapped = await kms.wrap(randomBytes(32), CONTEXT);
    standIn.fault = 'drop';
    await expect(kms.unwrap(wrapped, CONTEXT)).rejects.toMatchObject({ code: 'kms/unavailable', status: 503 });
    standIn.fault = 'hang';
    const hurried = connect({ timeoutMs: 150 });
    await expect(hurried.unwrap(wrapped, CONTEXT)).rejects.toMatchObject({
      code: 'kms/unavailable',
      publicMessage: expect.stringContaining('150 ms'),
    });
    await expect(kms.unwrap(wrapped, CONTEXT, AbortSignal.timeout(50))).rejects.toMatchObject({ code: 'kms/unavailable' });
    await expect(kms.unwrap(wrapped, CONTEXT, AbortSignal.abort())).rejects.toMatchObject({ code: 'kms/unavailable' });
    const nobody = connect({ endpoint: 'http://127.0.0.1:1' });
    await expect(nobody.check()).rejects.toMatchObject({ code: 'kms/unavailable' });
    await Promise.all([hurried.dispose(), nobody.dispose()]);
  });

  it('K2: errors carry neither the data key nor the AWS identity, at any depth', async () => {
    const dataKey = randomBytes(32);
    const seen: unknown[] = [];
    for (const type of ['AccessDeniedException', 'KMSInternalException', 'ValidationException']) {
      standIn.fault = { status: 400, type, times: 2 };
      seen.push(await kms.wrap(dataKey, CONTEXT).catch((error: unknown) => error));
    }
    for (const error of seen as AppError[]) {
      expect(error.code).toMatch(/^kms\//);
      const cause = error.cause as Error;
      const text = JSON.stringify([error, error.message, error.stack, Object.entries(cause), cause.message, cause.stack]);
      expect(cause.cause).toBeUndefined();
      for (const secret of [dataKey.toString('base64'), dataKey.toString('hex'), SECRET_ACCESS_KEY, 'AKIDSTANDIN'])
        expect(text).not.toContain(secret);
    }
  });
});
