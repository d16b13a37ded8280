import type { KMSClient } from '@aws-sdk/client-kms';
import { failureName } from '../../kernel/errors.js';
import { withDeadline } from './deadline.js';
import type { KeyContext } from './key-context.js';
import { KeyManagementService, openedDataKey, requireDataKey, type WrappedKey } from './key-management-service.js';
import { kmsCause, kmsErrors } from './kms.errors.js';

export interface AwsKmsOptions {
  /** Key id, key ARN, alias name or alias ARN of a symmetric key: LETHE_AWS_KMS_KEY_ID. */
  readonly keyId: string;
  /** LETHE_AWS_KMS_REGION; without it the SDK's own chain decides (AWS_REGION, profile). */
  readonly region?: string;
  /** A VPC endpoint, or a stand-in: LETHE_AWS_KMS_ENDPOINT. */
  readonly endpoint?: string;
  /** Without them the SDK's default chain decides: environment, profile, web identity, container or instance role. */
  readonly credentials?: { readonly accessKeyId: string; readonly secretAccessKey: string; readonly sessionToken?: string };
  /** For a call in all, its one retry included. 5,000 ms when absent. */
  readonly timeoutMs?: number;
}

/**
 * AWS KMS `Encrypt` and `Decrypt` with the context as encryption context, which AWS authenticates and logs. The `kmsKeyId` is the
 * key's ARN. AWS's automatic rotation happens behind the ARN and needs no re-wrap; pointing an alias at another key does.
 * Decryption names the key the row was wrapped by, so a blob of any other key is refused.
 */
export class AwsKms extends KeyManagementService {
  private client: Promise<KMSClient> | undefined;

  constructor(private readonly options: AwsKmsOptions) {
    super();
  }

  override async wrap(dataKey: Uint8Array, context: KeyContext, signal?: AbortSignal): Promise<WrappedKey> {
    requireDataKey(dataKey);
    const answer = await this.ask(signal, async (client, abortSignal) => {
      const { EncryptCommand } = await import('@aws-sdk/client-kms');
      return client.send(new EncryptCommand({ KeyId: this.options.keyId, Plaintext: dataKey, EncryptionContext: context }), {
        abortSignal,
      });
    });
    if (!answer.KeyId || !answer.CiphertextBlob?.byteLength) throw incomplete();
    return { kmsKeyId: answer.KeyId, blob: Buffer.from(answer.CiphertextBlob) };
  }

  override async unwrap({ kmsKeyId, blob }: WrappedKey, context: KeyContext, signal?: AbortSignal): Promise<Buffer> {
    // Outside these bounds AWS answers ValidationException, which would look like a mistake of ours.
    if (!KEY_ARN.test(kmsKeyId) || blob.byteLength === 0 || blob.byteLength > MAX_BLOB_BYTES) throw kmsErrors.refused();
    const answer = await this.ask(signal, async (client, abortSignal) => {
      const { DecryptCommand } = await import('@aws-sdk/client-kms');
      return client.send(new DecryptCommand({ KeyId: kmsKeyId, CiphertextBlob: blob, EncryptionContext: context }), { abortSignal });
    });
    if (!answer.Plaintext) throw incomplete();
    // A view, not a copy: overwriting the buffer overwrites the only bytes there are.
    const { buffer, byteOffset, byteLength } = answer.Plaintext;
    return openedDataKey(Buffer.from(buffer, byteOffset, byteLength));
  }

  override async currentKeyId(signal?: AbortSignal): Promise<string> {
    if (KEY_ARN.test(this.options.keyId)) return this.options.keyId;
    const answer = await this.ask(signal, async (client, abortSignal) => {
      const { DescribeKeyCommand } = await import('@aws-sdk/client-kms');
      return client.send(new DescribeKeyCommand({ KeyId: this.options.keyId }), { abortSignal });
    });
    if (!answer.KeyMetadata?.Arn) throw incomplete();
    return answer.KeyMetadata.Arn;
  }

  override async dispose(): Promise<void> {
    (await this.client?.catch(() => undefined))?.destroy();
    this.client = undefined;
  }

  private async ask<T>(signal: AbortSignal | undefined, call: (client: KMSClient, signal: AbortSignal) => Promise<T>): Promise<T> {
    return withDeadline(this.options.timeoutMs ?? DEFAULT_TIMEOUT_MS, signal, async (ending) => {
      try {
        this.client ??= this.connect();
        return await call(await this.client, ending);
      } catch (error) {
        throw translated(error);
      }
    });
  }

  /** The SDK is large, so it is loaded only by those who use it. */
  private async connect(): Promise<KMSClient> {
    const { KMSClient } = await import('@aws-sdk/client-kms');
    const { region, endpoint, credentials } = this.options;
    return new KMSClient({ maxAttempts: 2, ...(region && { region }), ...(endpoint && { endpoint }), ...(credentials && { credentials }) });
  }
}

const DEFAULT_TIMEOUT_MS = 5_000;
/** The limit of `CiphertextBlob` in the AWS KMS API reference. */
const MAX_BLOB_BYTES = 6_144;
const KEY_ARN = /^arn:aws[a-z-]*:kms:[a-z0-9-]+:\d{12}:key\/[A-Za-z0-9-]{1,64}$/;

/** What AWS calls damage or a wrong context (`InvalidCiphertext`) and a blob of another key (`IncorrectKey`). */
const REFUSALS = new Set(['InvalidCiphertextException', 'IncorrectKeyException']);

/** Lethe's own identity is not accepted, or not for this key. */
const DENIALS = new Set([
  'AccessDeniedException',
  'UnrecognizedClientException',
  'InvalidClientTokenId',
  'ExpiredTokenException',
  'InvalidSignatureException',
  'SignatureDoesNotMatch',
  'IncompleteSignature',
  'MissingAuthenticationToken',
  'MissingAuthenticationTokenException',
  'OptInRequired',
  'CredentialsProviderError',
]);

/** The key exists but is disabled or being deleted. It may come back, so the secrets under it are not called corrupt. */
const KEY_STATES = new Set(['KMSInvalidStateException', 'DisabledException']);

const MISTAKES = new Set([
  'NotFoundException',
  'InvalidKeyUsageException',
  'InvalidArnException',
  'ValidationException',
  'UnsupportedOperationException',
]);

/** The SDK's errors hold the request, so only their name, status and request id go on. */
function translated(error: unknown): Error {
  const name = failureName(error);
  const occurrence = { cause: kmsCause(`AWS KMS: ${describe(error, name)}`) };
  if (REFUSALS.has(name)) return kmsErrors.refused(occurrence);
  if (DENIALS.has(name))
    return kmsErrors.denied({
      ...occurrence,
      message: `AWS KMS does not admit Lethe (${name}). Check its AWS identity and the key policy.`,
    });
  if (KEY_STATES.has(name))
    return kmsErrors.denied({
      ...occurrence,
      message: 'The AWS KMS key is disabled or scheduled for deletion. Enable it, or cancel its deletion, to go on.',
    });
  if (MISTAKES.has(name))
    return kmsErrors.misconfigured({
      ...occurrence,
      message: `AWS KMS knows no such symmetric key (${name}). Check LETHE_AWS_KMS_KEY_ID and LETHE_AWS_KMS_REGION.`,
    });
  if (error instanceof Error && /^Region (is missing|not accepted)/.test(error.message)) {
    return kmsErrors.misconfigured({ ...occurrence, message: 'The AWS region is missing or wrong. Set LETHE_AWS_KMS_REGION.' });
  }
  return kmsErrors.unavailable({ ...occurrence, message: 'AWS KMS does not answer as it should. Try again shortly.' });
}

function describe(error: unknown, name: string): string {
  const { httpStatusCode, requestId } = (error as { $metadata?: { httpStatusCode?: number; requestId?: string } }).$metadata ?? {};
  return [name, httpStatusCode && `status ${httpStatusCode}`, requestId && `request ${requestId}`].filter(Boolean).join(', ');
}

function incomplete(): Error {
  return kmsErrors.unavailable({ message: 'AWS KMS answered without the fields it promises.' });
}
