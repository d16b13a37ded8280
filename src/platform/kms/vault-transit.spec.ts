import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { expectDamageRefused, KeeperStandIn } from '../../../test/harness/kms.js';
import { VaultTransit, type VaultTransitOptions } from './vault-transit.js';

const TOKEN = 'hvs.stand-in-token-that-must-not-leak';
const CONTEXT = { purpose: 'test', organisation: 'o1' };

interface TransitRequest {
  readonly plaintext?: string;
  readonly ciphertext?: string;
  readonly associated_data?: string;
}

/** Speaks Transit as Vault and OpenBao do: key versions, associated data enforced, and their error sentences. */
class VaultStandIn extends KeeperStandIn {
  readonly versions = [randomBytes(32)];
  readonly seen: { readonly url: string; readonly token: string; readonly namespace: string | undefined }[] = [];
  acceptedToken = TOKEN;
  minDecryptionVersion = 1;
  ignoresAssociatedData = false;
  fault: { readonly status: number; readonly body: string } | 'hang' | 'drop' | 'flood' | null = null;

  protected override serve(request: IncomingMessage, response: ServerResponse, sent: Buffer): void {
    const { url = '', headers } = request;
    this.seen.push({ url, token: String(headers['x-vault-token']), namespace: headers['x-vault-namespace'] as string | undefined });
    if (this.fault === 'hang') return;
    if (this.fault === 'drop') return void request.socket.destroy();
    if (this.fault === 'flood') return void response.end('x'.repeat(1_000_000));
    if (this.fault) return void response.writeHead(this.fault.status).end(this.fault.body);
    if (headers['x-vault-token'] !== this.acceptedToken) return fail(response, 403, '1 error occurred:\n\t* permission denied\n\n');
    const [, operation, key] = /^\/v1\/transit\/(encrypt|decrypt|keys)\/(.+)$/.exec(url) ?? [];
    if (!operation) return fail(response, 404, `no handler for route "${url.slice(4)}". route entry not found.`);
    if (operation === 'keys')
      return key === 'lethe'
        ? reply(response, { latest_version: this.versions.length, type: 'aes256-gcm96' })
        : void response.writeHead(404).end('{"errors":[]}');
    if (key !== 'lethe')
      return fail(
        response,
        operation === 'decrypt' ? 400 : 403,
        operation === 'decrypt' ? 'encryption key not found' : '1 error occurred:\n\t* permission denied\n\n',
      );
    const body = JSON.parse(sent.toString()) as TransitRequest;
    if (operation === 'encrypt') this.encrypt(body, response);
    else this.decrypt(body, response);
  }

  private encrypt(body: TransitRequest, response: ServerResponse): void {
    const version = this.versions.length;
    const iv = randomBytes(12);
    const cipher = createCipheriv('aes-256-gcm', this.versions[version - 1] as Buffer, iv).setAAD(this.associated(body));
    const sealed = Buffer.concat([iv, cipher.update(Buffer.from(body.plaintext ?? '', 'base64')), cipher.final(), cipher.getAuthTag()]);
    reply(response, { ciphertext: `vault:v${version}:${sealed.toString('base64')}`, key_version: version });
  }

  private decrypt(body: TransitRequest, response: ServerResponse): void {
    const [, number, text] = /^vault:v(\d+):(.*)$/.exec(body.ciphertext ?? '') ?? [];
    if (!number || !text) return fail(response, 400, 'invalid ciphertext: no prefix');
    const version = Number(number);
    if (version > this.versions.length) return fail(response, 400, 'invalid ciphertext: version is too new');
    if (version < this.minDecryptionVersion)
      return fail(response, 400, 'ciphertext or signature version is disallowed by policy (too old)');
    const sealed = Buffer.from(text, 'base64');
    if (sealed.length < 12) return fail(response, 400, 'invalid ciphertext length');
    try {
      const decipher = createDecipheriv('aes-256-gcm', this.versions[version - 1] as Buffer, sealed.subarray(0, 12), { authTagLength: 16 });
      decipher.setAAD(this.associated(body)).setAuthTag(sealed.subarray(-16));
      reply(response, { plaintext: Buffer.concat([decipher.update(sealed.subarray(12, -16)), decipher.final()]).toString('base64') });
    } catch {
      fail(response, 400, 'cipher: message authentication failed');
    }
  }

  private associated(body: TransitRequest): Buffer {
    return this.ignoresAssociatedData ? Buffer.alloc(0) : Buffer.from(body.associated_data ?? '', 'base64');
  }
}

function reply(response: ServerResponse, data: object): void {
  const envelope = {
    request_id: '7c1e1b7e-0000-0000-0000-000000000000',
    lease_id: '',
    renewable: false,
    lease_duration: 0,
    data,
    wrap_info: null,
    warnings: null,
    auth: null,
  };
  response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(envelope));
}

function fail(response: ServerResponse, status: number, error: string): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(`${JSON.stringify({ errors: [error] })}\n`);
}

const vault = new VaultStandIn();
const opened: VaultTransit[] = [];
let address: string;
let folder: string;
let kms: VaultTransit;

function connect(options: Partial<VaultTransitOptions> = {}): VaultTransit {
  const made = new VaultTransit({ address, key: 'lethe', token: TOKEN, ...options } as VaultTransitOptions);
  opened.push(made);
  return made;
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'lethe vault '));
  address = await vault.listen();
  kms = connect();
});
beforeEach(() => {
  vault.fault = null;
  vault.acceptedToken = TOKEN;
  vault.minDecryptionVersion = 1;
  vault.ignoresAssociatedData = false;
});
afterAll(async () => {
  await Promise.all(opened.map((one) => one.dispose()));
  vault.close();
  await rm(folder, { recursive: true });
});

describe('Vault Transit', () => {
  it('wraps, unwraps and passes the check', async () => {
    const dataKey = randomBytes(32);
    const wrapped = await kms.wrap(dataKey, CONTEXT);
    expect(wrapped.kmsKeyId).toBe(await kms.currentKeyId());
    expect(await kms.unwrap(wrapped, CONTEXT)).toEqual(dataKey);
    await kms.check();
  });

  it('K1: the check fails when the server ignores the context, as Vault before 1.13 does', async () => {
    vault.ignoresAssociatedData = true;
    await expect(kms.check()).rejects.toMatchObject({ code: 'kms/misconfigured', publicMessage: expect.stringContaining('context') });
  });

  it('K1: a wrapped key opens in its own context only; damage is refused', async () => {
    const wrapped = await kms.wrap(randomBytes(32), CONTEXT);
    await expect(kms.unwrap(wrapped, { ...CONTEXT, organisation: 'o2' })).rejects.toMatchObject({ code: 'kms/refused', status: 500 });
    await expect(kms.unwrap({ ...wrapped, kmsKeyId: 'vault:transit/other:v1' }, CONTEXT)).rejects.toMatchObject({ code: 'kms/refused' });
    await expectDamageRefused(kms, wrapped, CONTEXT);
  });

  it('K3: after the key rotated new keys are wrapped by the new version and old ones still open', async () => {
    const dataKey = randomBytes(32);
    const old = await kms.wrap(dataKey, CONTEXT);
    vault.versions.push(randomBytes(32));
    const current = await kms.currentKeyId();
    expect(current).toBe(`vault:transit/lethe:v${vault.versions.length}`);
    expect((await kms.wrap(dataKey, CONTEXT)).kmsKeyId).toBe(current);
    expect(await kms.unwrap(old, CONTEXT)).toEqual(dataKey);
    vault.minDecryptionVersion = vault.versions.length;
    await expect(kms.unwrap(old, CONTEXT)).rejects.toMatchObject({
      code: 'kms/denied',
      publicMessage: expect.stringContaining('min_decryption_version'),
    });
  });

  it('takes up a replaced token file at once, and sends the namespace', async () => {
    const tokenFile = join(folder, 'token');
    await writeFile(tokenFile, 'hvs.stale\n');
    const fed = new VaultTransit({ address, key: 'lethe', tokenFile, namespace: 'team/a' });
    opened.push(fed);
    await expect(fed.check()).rejects.toMatchObject({ code: 'kms/denied' });
    await writeFile(tokenFile, `${TOKEN}\n`);
    await fed.check();
    expect(vault.seen.at(-1)).toMatchObject({ token: TOKEN, namespace: 'team/a' });
    await rm(tokenFile);
    await expect(fed.check()).rejects.toMatchObject({ code: 'kms/unavailable' });
    await writeFile(tokenFile, 'two\nlines');
    await expect(fed.check()).rejects.toMatchObject({ code: 'kms/misconfigured' });
  });

  it.each([
    [400, '{"errors":["cipher: message authentication failed"]}', 'kms/refused'],
    [400, '{"errors":["encryption key not found"]}', 'kms/misconfigured'],
    [400, '{"errors":["illegal base64 data at input byte 3"]}', 'kms/misconfigured'],
    [400, '<html>a proxy</html>', 'kms/misconfigured'],
    [403, '{"errors":["permission denied"]}', 'kms/denied'],
    [404, '{"errors":["no handler for route \\"transit/decrypt/lethe\\". route entry not found."]}', 'kms/misconfigured'],
    [307, '', 'kms/misconfigured'],
    [429, '{"errors":["request path \\"transit/decrypt/lethe\\": rate limit quota exceeded"]}', 'kms/unavailable'],
    [500, '{"errors":["internal error"]}', 'kms/unavailable'],
    [503, '{"errors":["Vault is sealed"]}', 'kms/unavailable'],
    [200, 'not json', 'kms/unavailable'],
    [200, '{"data":{}}', 'kms/unavailable'],
  ])('reads status %i with %s as %s', async (status, body, code) => {
    const wrapped = await kms.wrap(randomBytes(32), CONTEXT);
    vault.fault = { status, body };
    await expect(kms.unwrap(wrapped, CONTEXT)).rejects.toMatchObject({ code });
  });

  it('an outage is never read as corruption: dropped connections, refused ports, floods and silence are unavailable', async () => {
    const wrapped = await kms.wrap(randomBytes(32), CONTEXT);
    for (const fault of ['drop', 'flood'] as const) {
      vault.fault = fault;
      await expect(kms.unwrap(wrapped, CONTEXT)).rejects.toMatchObject({ code: 'kms/unavailable', status: 503 });
    }
    vault.fault = 'hang';
    await expect(connect({ timeoutMs: 100 }).unwrap(wrapped, CONTEXT)).rejects.toMatchObject({
      code: 'kms/unavailable',
      publicMessage: expect.stringContaining('100 ms'),
    });
    await expect(kms.unwrap(wrapped, CONTEXT, AbortSignal.timeout(50))).rejects.toMatchObject({ code: 'kms/unavailable' });
    await expect(connect({ address: 'http://127.0.0.1:1' }).check()).rejects.toMatchObject({ code: 'kms/unavailable' });
  });

  it('says which setting is wrong when the address, mount or key is', async () => {
    for (const wrong of ['vault:8200', 'ftp://vault', 'https://user:pass@vault', '']) {
      expect(() => connect({ address: wrong })).toThrow(
        expect.objectContaining({ code: 'kms/misconfigured', publicMessage: expect.stringContaining('LETHE_VAULT_ADDR') }),
      );
    }
    await expect(connect({ mount: '/elsewhere/' }).check()).rejects.toMatchObject({ code: 'kms/misconfigured' });
    await expect(connect({ key: 'absent' }).currentKeyId()).rejects.toMatchObject({ code: 'kms/misconfigured' });
  });

  it('K2: errors carry neither the data key nor the token, even when a proxy echoes the request', async () => {
    const dataKey = randomBytes(32);
    const echo = JSON.stringify({ errors: [`bad request: ${dataKey.toString('base64')} ${TOKEN}`] });
    for (const status of [400, 403, 500, 200]) {
      vault.fault = { status, body: echo };
      const error = (await kms.wrap(dataKey, CONTEXT).catch((failure: unknown) => failure)) as Error;
      const cause = error.cause as Error | undefined;
      const text = JSON.stringify([error, error.message, error.stack, cause?.message, cause?.stack]);
      for (const secret of [dataKey.toString('base64'), TOKEN]) expect(text).not.toContain(secret);
    }
  });
});
