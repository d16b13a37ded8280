import { createHash, createHmac, hash, type Hash, type Hmac } from 'node:crypto';
import { SignatureV4 } from '@smithy/signature-v4';
import type { Settings } from '../../../../platform/config/settings.js';
import type { OutboundAddresses } from '../../../../platform/http/outbound-address.js';
import { auditErrors } from '../../audit.errors.js';
import type { Checkpoint } from '../log/checkpoint.js';
import type { CheckpointDestination } from './checkpoint-destination.js';
import { askOutside } from './outside-request.js';

/** Digits of the largest size there can be, so that names sort as sizes do. */
const SIZE_DIGITS = 16;
const PRECONDITION_FAILED = 412;
const CONFLICT = 409;

/** SHA-256 in the shape the signer asks for. */
class Sha256 {
  private readonly digestion: Hash | Hmac;

  constructor(secret?: string | ArrayBuffer | ArrayBufferView) {
    this.digestion = secret === undefined ? createHash('sha256') : createHmac('sha256', secret as string | NodeJS.ArrayBufferView);
  }

  update(data: Uint8Array): void {
    this.digestion.update(data);
  }

  digest(): Promise<Uint8Array> {
    return Promise.resolve(this.digestion.digest());
  }

  reset(): void {
    throw new Error('a signature is made with a fresh hash each time');
  }
}

/**
 * Puts each checkpoint into an S3-compatible bucket as `<prefix><log name>/<size>`, and never over another object: the request says
 * `If-None-Match: *`. What the bucket refuses for being there is read and compared.
 */
export class PutIntoBucket implements CheckpointDestination {
  readonly kind = 's3';
  readonly id: string;
  private readonly base: string;
  private readonly signer: SignatureV4;

  constructor(
    bucket: string,
    private readonly settings: Settings,
    private readonly addresses: OutboundAddresses,
  ) {
    const { auditPublishS3Endpoint: endpoint, auditPublishS3Region: region, auditPublishS3Prefix: prefix } = settings;
    // A name with dots is not covered by the service's certificate as a host.
    const aws = bucket.includes('.') ? `https://s3.${region}.amazonaws.com/${bucket}` : `https://${bucket}.s3.${region}.amazonaws.com`;
    this.base = `${endpoint === undefined ? aws : `${endpoint.replace(/\/+$/, '')}/${bucket}`}/${prefix}`;
    this.id = `s3:${this.base}`;
    this.signer = new SignatureV4({
      service: 's3',
      region,
      credentials: this.credentials(),
      sha256: Sha256,
      // S3 takes the path as it is sent.
      uriEscapePath: false,
    });
  }

  async publish({ note, size }: Checkpoint, signal: AbortSignal): Promise<void> {
    const name = `${note.slice(0, note.indexOf('\n'))}/${String(size).padStart(SIZE_DIGITS, '0')}`;
    const put = await this.ask('PUT', name, note, signal);
    if (put.status >= 200 && put.status <= 299) return;
    if (put.status !== PRECONDITION_FAILED && put.status !== CONFLICT) throw auditErrors.not_accepted({ details: { status: put.status } });
    const there = await this.ask('GET', name, undefined, signal);
    if (there.status !== 200) throw auditErrors.not_accepted({ details: { status: there.status } });
    if (there.body !== note) throw auditErrors.published_differently();
  }

  private async ask(method: 'PUT' | 'GET', name: string, body: string | undefined, signal: AbortSignal): ReturnType<typeof askOutside> {
    const url = new URL(this.addresses.checkUrl(this.base + name));
    const headers: Record<string, string> = { host: url.host };
    if (body !== undefined) {
      headers['content-type'] = 'text/plain; charset=utf-8';
      headers['if-none-match'] = '*';
      // A bucket with object lock asks for a checksum.
      headers['x-amz-checksum-sha256'] = hash('sha256', body, 'base64');
    }
    const { protocol, hostname, pathname: path } = url;
    const unsigned = { method, protocol, hostname, path, query: {}, headers, ...(body === undefined ? {} : { body }) };
    const signed = await this.signer.sign(unsigned);
    return askOutside(this.addresses, url.href, { method, headers: signed.headers, ...(body === undefined ? {} : { body }) }, signal);
  }

  private credentials(): Credentials {
    const { auditPublishS3AccessKeyId: accessKeyId, auditPublishS3SecretAccessKey: secretAccessKey } = this.settings;
    return accessKeyId === undefined || secretAccessKey === undefined ? fromSurroundings() : { accessKeyId, secretAccessKey };
  }
}

type Credentials = ConstructorParameters<typeof SignatureV4>[0]['credentials'];

/** Where the AWS tools look (environment, files, the machine's own role). Loaded where a bucket asks for it: it is large, and few need it. */
function fromSurroundings(): Extract<Credentials, (...parts: never[]) => unknown> {
  let chain: Promise<() => Promise<{ accessKeyId: string; secretAccessKey: string }>> | undefined;
  return async () => {
    chain ??= import('@aws-sdk/credential-provider-node').then(({ defaultProvider }) => defaultProvider());
    return (await chain)();
  };
}
