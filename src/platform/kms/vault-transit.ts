import { Agent, request } from 'undici';
import { withDeadline } from './deadline.js';
import { encodeKeyContext, type KeyContext } from './key-context.js';
import { KeyManagementService, openedDataKey, requireDataKey, type WrappedKey } from './key-management-service.js';
import { asKmsError, kmsCause, kmsErrors } from './kms.errors.js';
import { VaultToken, type VaultTokenSource } from './vault-token.js';

export type VaultTransitOptions = VaultTokenSource & {
  /** Such as `https://vault.internal:8200`: LETHE_VAULT_ADDR. */
  readonly address: string;
  /** The name of the transit key: LETHE_VAULT_TRANSIT_KEY. */
  readonly key: string;
  /** Where the transit engine is mounted, `transit` when absent: LETHE_VAULT_TRANSIT_MOUNT. */
  readonly mount?: string;
  /** LETHE_VAULT_NAMESPACE. */
  readonly namespace?: string;
  /** For a call in all. 5,000 ms when absent. */
  readonly timeoutMs?: number;
};

/**
 * Vault or OpenBao Transit (`aes256-gcm96`, not derived, not convergent), with the context as `associated_data`. The `kmsKeyId` is
 * `vault:<mount>/<key>:v<version>`; `vault write -f transit/keys/<key>/rotate` makes the next version, which running processes
 * use at once. A blob is the ciphertext as Transit writes it, `vault:v3:<base64>`.
 */
export class VaultTransit extends KeyManagementService {
  private readonly agent = new Agent({ maxResponseSize: 64 * 1024, connections: 8 });
  private readonly token: VaultToken;
  private readonly base: string;
  private readonly keyName: string;

  constructor(private readonly options: VaultTransitOptions) {
    super();
    this.token = new VaultToken(options);
    const mount = (options.mount ?? 'transit').replace(/^\/+|\/+$/g, '');
    const path = mount.split('/').map(encodeURIComponent).join('/');
    this.base = `${baseAddress(options.address)}/v1/${path}`;
    this.keyName = `vault:${mount}/${options.key}`;
  }

  override async wrap(dataKey: Uint8Array, context: KeyContext, signal?: AbortSignal): Promise<WrappedKey> {
    requireDataKey(dataKey);
    const { buffer, byteOffset, byteLength } = dataKey;
    const plaintext = Buffer.from(buffer, byteOffset, byteLength).toString('base64');
    const data = await this.post('encrypt', { plaintext, associated_data: associatedData(context) }, signal);
    const sealed = parseCiphertext(data.ciphertext);
    if (!sealed) throw incomplete();
    return { kmsKeyId: this.keyIdOf(sealed.version), blob: Buffer.from(sealed.text, 'latin1') };
  }

  override async unwrap({ kmsKeyId, blob }: WrappedKey, context: KeyContext, signal?: AbortSignal): Promise<Buffer> {
    // Damage that shows is refused here, so that what Vault says about the rest is about the key and the context.
    const sealed = parseCiphertext(blob.toString('latin1'));
    if (!sealed || kmsKeyId !== this.keyIdOf(sealed.version)) throw kmsErrors.refused();
    const data = await this.post('decrypt', { ciphertext: sealed.text, associated_data: associatedData(context) }, signal);
    if (typeof data.plaintext !== 'string') throw incomplete();
    return openedDataKey(Buffer.from(data.plaintext, 'base64'));
  }

  override async currentKeyId(signal?: AbortSignal): Promise<string> {
    const data = await this.send('GET', `keys/${encodeURIComponent(this.options.key)}`, undefined, signal);
    if (typeof data.latest_version !== 'number') throw incomplete();
    return this.keyIdOf(data.latest_version);
  }

  override async dispose(): Promise<void> {
    await this.agent.destroy();
  }

  private keyIdOf(version: number): string {
    return `${this.keyName}:v${version}`;
  }

  private post(operation: 'encrypt' | 'decrypt', body: object, signal?: AbortSignal): Promise<Record<string, unknown>> {
    return this.send('POST', `${operation}/${encodeURIComponent(this.options.key)}`, body, signal);
  }

  private async send(
    method: 'GET' | 'POST',
    path: string,
    body: object | undefined,
    caller?: AbortSignal,
  ): Promise<Record<string, unknown>> {
    return withDeadline(this.options.timeoutMs ?? DEFAULT_TIMEOUT_MS, caller, async (signal) => {
      const first = await this.exchange(method, path, body, signal);
      // A token replaced between our reading it and Vault seeing it deserves a second try; the same token does not.
      const again = first.status === 403 && (await this.token.current()) !== first.token;
      const { status, text } = again ? await this.exchange(method, path, body, signal) : first;
      if (status === 200) return dataOf(text);
      throw failure(status, text);
    });
  }

  private async exchange(
    method: 'GET' | 'POST',
    path: string,
    body: object | undefined,
    signal: AbortSignal,
  ): Promise<{ status: number; text: string; token: string }> {
    const token = await this.token.current();
    const { namespace } = this.options;
    const headers = {
      'x-vault-token': token,
      'x-vault-request': 'true',
      ...(namespace && { 'x-vault-namespace': namespace }),
      ...(body && { 'content-type': 'application/json' }),
    };
    try {
      const answer = await request(`${this.base}/${path}`, {
        method,
        headers,
        signal,
        dispatcher: this.agent,
        body: body ? JSON.stringify(body) : null,
      });
      return { status: answer.statusCode, text: await answer.body.text(), token };
    } catch (error) {
      throw asKmsError(error, 'Vault does not answer. Try again shortly.');
    }
  }
}

const DEFAULT_TIMEOUT_MS = 5_000;
const CIPHERTEXT = /^vault:v([1-9]\d{0,8}):([A-Za-z0-9+/]+={0,2})$/;

/** What Transit says of a blob that is damaged, of another key, or given another context (keysutil/policy.go). */
const REFUSALS = [/^cipher: message authentication failed$/, /^invalid ciphertext/, /^chacha20poly1305: message authentication failed$/];

/** Checks the form strictly, padding bits included, because a decoder would overlook a flipped bit there. */
function parseCiphertext(text: unknown): { version: number; text: string } | null {
  const match = typeof text === 'string' ? CIPHERTEXT.exec(text) : null;
  if (!match) return null;
  const [whole, version, body] = match as unknown as [string, string, string];
  return Buffer.from(body, 'base64').toString('base64') === body ? { version: Number(version), text: whole } : null;
}

function associatedData(context: KeyContext): string {
  return encodeKeyContext(context).toString('base64');
}

function baseAddress(address: string): string {
  const url = URL.parse(address);
  const clean = url && /^https?:$/.test(url.protocol) && !url.username && !url.password && !url.search && !url.hash;
  if (!clean)
    throw kmsErrors.misconfigured({
      message: 'LETHE_VAULT_ADDR is an http or https address without credentials or query, such as https://vault.internal:8200.',
    });
  return url.href.replace(/\/+$/, '');
}

function dataOf(text: string): Record<string, unknown> {
  const { data } = (json(text) ?? {}) as { data?: unknown };
  if (typeof data !== 'object' || data === null) throw incomplete();
  return data as Record<string, unknown>;
}

/** Only sentences of Transit that speak of the ciphertext itself count as a refusal; everything else is about the service. */
function failure(status: number, text: string): Error {
  const { errors } = (json(text) ?? {}) as { errors?: unknown };
  const said = Array.isArray(errors) && typeof errors[0] === 'string' ? errors[0] : '';
  const cause = kmsCause(`Vault: status ${status}`);
  if (status === 400 && REFUSALS.some((known) => known.test(said))) return kmsErrors.refused({ cause });
  if (status === 400 && said.includes('disallowed by policy (too old)')) {
    return kmsErrors.denied({
      cause,
      message: "The transit key's min_decryption_version bars the version this key was wrapped by. Lower it, re-wrap, and raise it again.",
    });
  }
  if (status === 401 || status === 403)
    return kmsErrors.denied({
      cause,
      message: 'Vault does not admit Lethe. Check that its token is alive and its policy allows the transit key.',
    });
  if (status === 429 || status >= 500)
    return kmsErrors.unavailable({
      cause,
      message: status === 503 ? 'Vault is sealed or in maintenance.' : 'Vault does not answer as it should. Try again shortly.',
    });
  return kmsErrors.misconfigured({
    cause,
    message: `Vault did not take the request (status ${status}). Check LETHE_VAULT_ADDR, the mount, the namespace, and that the transit key exists, of type aes256-gcm96 and not derived.`,
  });
}

function json(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function incomplete(): Error {
  return kmsErrors.unavailable({ message: 'Vault answered without the fields it promises.' });
}
