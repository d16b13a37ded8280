// An S3-compatible service in memory: objects, listings, multipart uploads, versions. It checks the signature of every request (SigV4) and fails on order.
import { createHash, createHmac, randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { receivedBody } from './received-body.ts';

export const S3_CREDENTIALS = { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY' };

interface Version {
  readonly id: string;
  readonly body: Buffer | null;
  readonly at: Date;
}

interface PendingUpload {
  readonly key: string;
  readonly at: Date;
  readonly parts: Map<number, Buffer>;
}

export interface Asked {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly key: string;
  readonly body: Buffer;
}

/** What a request is answered instead; null: as usual. */
type Fault = (asked: Asked, response: ServerResponse) => boolean;

export class S3Server {
  readonly bucket = 'test-bucket';
  /** Oldest version first; `null` is a delete marker. */
  readonly versions = new Map<string, Version[]>();
  readonly uploads = new Map<string, PendingUpload>();
  readonly asked: Asked[] = [];
  keepsVersions = false;
  fault: Fault | null = null;
  /** Whether a request is done and its answer never sent. */
  unheard: ((asked: Asked) => boolean) | null = null;

  private readonly server: Server;

  private constructor(server: Server) {
    this.server = server;
  }

  static async start(): Promise<S3Server> {
    const server = createServer();
    const s3 = new S3Server(server);
    server.on('request', (request, response) => void s3.answer(request, response));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return s3;
  }

  get endpoint(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  /** Names of objects that can be read. */
  keys(): string[] {
    return [...this.versions]
      .filter(([, versions]) => versions.at(-1)?.body)
      .map(([key]) => key)
      .sort();
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await receivedBody(request);
    if (body === null) return;
    const url = new URL(request.url ?? '/', 'http://s3');
    const [, bucket = '', ...rest] = url.pathname.split('/');
    const asked = {
      method: request.method ?? '',
      path: url.pathname,
      query: url.searchParams,
      key: decodeURIComponent(rest.join('/')),
      body,
    };
    this.asked.push(asked);
    if (this.fault?.(asked, response) === true) return;
    if (!isSigned(request, url, asked.body)) return refuse(response, 403, 'SignatureDoesNotMatch');
    if (bucket !== this.bucket) return refuse(response, 404, 'NoSuchBucket');
    this.serve(asked, this.unheard?.(asked) === true ? new ServerResponse(request) : response);
  }

  private serve(asked: Asked, response: ServerResponse): void {
    const { method, query, key } = asked;
    if (query.has('versions')) this.listVersions(asked, response);
    else if (query.has('uploads') && method === 'GET') this.listUploads(query.get('prefix') ?? '', response);
    else if (query.get('list-type') === '2') this.list(asked, response);
    else if (query.has('uploads') || query.has('uploadId')) this.upload(asked, response);
    else if (method === 'PUT') this.keep(key, asked.body, response);
    else if (method === 'GET') this.read(key, response);
    else if (method === 'DELETE') this.remove(key, query.get('versionId'), response);
    else refuse(response, 405, 'MethodNotAllowed');
  }

  private keep(key: string, body: Buffer | null, response: ServerResponse): void {
    const before = this.keepsVersions ? (this.versions.get(key) ?? []) : [];
    this.versions.set(key, [...before, { id: randomUUID(), body, at: new Date() }]);
    if (body) response.writeHead(200, { etag: etag(body) }).end();
  }

  private read(key: string, response: ServerResponse): void {
    const body = this.versions.get(key)?.at(-1)?.body;
    if (!body) return refuse(response, 404, 'NoSuchKey');
    response.writeHead(200, { 'content-length': body.length, etag: etag(body) }).end(body);
  }

  private remove(key: string, version: string | null, response: ServerResponse): void {
    const there = this.versions.get(key) ?? [];
    if (version !== null) {
      const left = there.filter(({ id }) => id !== version);
      if (left.length > 0) this.versions.set(key, left);
      else this.versions.delete(key);
    } else if (this.keepsVersions) {
      this.keep(key, null, response);
      return void response.writeHead(204, { 'x-amz-delete-marker': 'true' }).end();
    } else this.versions.delete(key);
    response.writeHead(204).end();
  }

  private list({ query }: Asked, response: ServerResponse): void {
    const prefix = query.get('prefix') ?? '';
    const limit = Number(query.get('max-keys') ?? 1000);
    const found = this.keys().filter((key) => key.startsWith(prefix) && key > (query.get('start-after') ?? ''));
    const contents = found.slice(0, limit).map((key) => {
      const version = this.versions.get(key)?.at(-1);
      return `<Contents><Key>${key}</Key><LastModified>${version?.at.toISOString()}</LastModified><Size>${version?.body?.length}</Size></Contents>`;
    });
    xml(response, `<ListBucketResult><IsTruncated>${found.length > limit}</IsTruncated>${contents.join('')}</ListBucketResult>`);
  }

  private listVersions({ query }: Asked, response: ServerResponse): void {
    const prefix = query.get('prefix') ?? '';
    const rows = [...this.versions]
      .filter(([key]) => key.startsWith(prefix))
      .flatMap(([key, versions]) =>
        versions.map(({ id, body }) => {
          const tag = body ? 'Version' : 'DeleteMarker';
          return `<${tag}><Key>${key}</Key><VersionId>${id}</VersionId></${tag}>`;
        }),
      );
    xml(response, `<ListVersionsResult><IsTruncated>false</IsTruncated>${rows.join('')}</ListVersionsResult>`);
  }

  private listUploads(prefix: string, response: ServerResponse): void {
    const rows = [...this.uploads]
      .filter(([, { key }]) => key.startsWith(prefix))
      .map(([id, { key, at }]) => `<Upload><Key>${key}</Key><UploadId>${id}</UploadId><Initiated>${at.toISOString()}</Initiated></Upload>`);
    xml(response, `<ListMultipartUploadsResult><IsTruncated>false</IsTruncated>${rows.join('')}</ListMultipartUploadsResult>`);
  }

  private upload({ method, query, key, body }: Asked, response: ServerResponse): void {
    const id = query.get('uploadId');
    if (id === null) {
      const made = randomUUID();
      this.uploads.set(made, { key, at: new Date(), parts: new Map() });
      return xml(response, `<InitiateMultipartUploadResult><Key>${key}</Key><UploadId>${made}</UploadId></InitiateMultipartUploadResult>`);
    }
    const pending = this.uploads.get(id);
    if (!pending) return refuse(response, 404, 'NoSuchUpload');
    if (method === 'PUT') {
      pending.parts.set(Number(query.get('partNumber')), body);
      return void response.writeHead(200, { etag: etag(body) }).end();
    }
    this.uploads.delete(id);
    if (method === 'DELETE') return void response.writeHead(204).end();
    const whole = Buffer.concat([...pending.parts].sort(([a], [b]) => a - b).map(([, part]) => part));
    this.versions.set(key, [{ id: randomUUID(), body: whole, at: new Date() }]);
    xml(response, `<CompleteMultipartUploadResult><Key>${key}</Key><ETag>x</ETag></CompleteMultipartUploadResult>`);
  }
}

function etag(body: Buffer): string {
  return `"${createHash('md5').update(body).digest('hex')}"`;
}

function xml(response: ServerResponse, body: string): void {
  response.writeHead(200, { 'content-type': 'application/xml' }).end(`<?xml version="1.0" encoding="UTF-8"?>${body}`);
}

export function refuse(response: ServerResponse, status: number, code: string): void {
  response
    .writeHead(status, { 'content-type': 'application/xml' })
    .end(`<?xml version="1.0"?><Error><Code>${code}</Code><Message>m</Message></Error>`);
}

/** AWS Signature Version 4, as the service computes it from what it received; the body's hash too. */
function isSigned({ method, headers }: IncomingMessage, url: URL, body: Buffer): boolean {
  const [, scope = '', names = '', given = ''] =
    /Credential=[^/]+\/(\S+), SignedHeaders=(\S+), Signature=(\S+)/.exec(headers.authorization ?? '') ?? [];
  const claimed = String(headers['x-amz-content-sha256']);
  if (claimed !== 'UNSIGNED-PAYLOAD' && claimed !== createHash('sha256').update(body).digest('hex')) return false;
  const query = [...url.searchParams]
    .map(([name, value]) => `${encode(name)}=${encode(value)}`)
    .sort()
    .join('&');
  const canonicalHeaders = names.split(';').map((name) => `${name}:${String(headers[name]).trim()}\n`);
  const request = [method, url.pathname, query, canonicalHeaders.join(''), names, claimed].join('\n');
  const toSign = ['AWS4-HMAC-SHA256', headers['x-amz-date'], scope, createHash('sha256').update(request).digest('hex')].join('\n');
  const secret: Buffer = Buffer.from(`AWS4${S3_CREDENTIALS.secretAccessKey}`);
  const key = scope.split('/').reduce((before, part) => createHmac('sha256', before).update(part).digest(), secret);
  return createHmac('sha256', key).update(toSign).digest('hex') === given;
}

function encode(text: string): string {
  return encodeURIComponent(text).replace(/[!'()*]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`);
}
