import { createHash, createHmac } from 'node:crypto';
import { readFileSync, rmSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { TestAuditLog } from '../../../../../test/harness/audit-log.js';
import { createTestDatabase, type TestDatabase } from '../../../../../test/harness/postgres.js';
import { ManualClock } from '../../../../kernel/clock.js';
import { Settings } from '../../../../platform/config/settings.js';
import { OutboundAddresses } from '../../../../platform/http/outbound-address.js';
import { CheckpointDestinations } from './checkpoint-destinations.js';
import { PublishCheckpoints, type PublishingRound } from './publish-checkpoints.js';

interface Received {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

const never = new AbortController().signal;
const clock = new ManualClock(Date.parse('2031-05-01T10:00:00Z'));

let database: TestDatabase;
let log: TestAuditLog;
let server: Server;
let address: string;
let received: Received[];
/** What the server outside does with a request. */
let answer: (request: Received, response: ServerResponse) => void;

beforeAll(async () => {
  database = await createTestDatabase();
  server = createServer((request, response) => {
    let body = '';
    request.on('data', (piece: Buffer) => (body += piece.toString()));
    request.on('end', () => {
      const got = { method: request.method ?? '', path: request.url ?? '', headers: request.headers, body };
      received.push(got);
      answer(got, response);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});

beforeEach(async () => {
  log = await TestAuditLog.open(database.url, { clock });
  received = [];
});

afterEach(async () => {
  await log.owner.query('TRUNCATE audit_publication, audit_checkpoint');
  rmSync(join(log.directory, 'audit-log'), { recursive: true, force: true });
  await log.close();
});

afterAll(async () => {
  server.close();
  await database.drop();
});

function publishing(changes: Partial<Settings>, allowed = ['127.0.0.0/8']): () => Promise<PublishingRound[]> {
  const settings = Object.assign(new Settings(), changes);
  const destinations = new CheckpointDestinations(settings, new OutboundAddresses(allowed));
  const publish = new PublishCheckpoints(log.unitOfWork, log.tables, destinations, clock);
  return () => publish.run(never);
}

async function sealed(): Promise<string> {
  await log.record(null, 1);
  await log.seal();
  return (await log.proofs.checkpoint()).note;
}

/** AWS Signature Version 4, as the service computes it from what it received. */
function signatureOf({ method, path, headers }: Received): string {
  const [, scope = '', names = ''] = /Credential=[^/]+\/(\S+), SignedHeaders=(\S+),/.exec(headers.authorization ?? '') ?? [];
  const canonicalHeaders = names.split(';').map((name) => `${name}:${String(headers[name]).trim()}\n`);
  const request = [method, path, '', canonicalHeaders.join(''), names, headers['x-amz-content-sha256']].join('\n');
  const toSign = ['AWS4-HMAC-SHA256', headers['x-amz-date'], scope, createHash('sha256').update(request).digest('hex')].join('\n');
  const secret: Buffer = Buffer.from('AWS4wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY');
  const key = scope.split('/').reduce((before, part) => createHmac('sha256', before).update(part).digest(), secret);
  return createHmac('sha256', key).update(toSign).digest('hex');
}

describe('checkpoints leave the house', () => {
  it('O6: into a file that is only appended to, each once, also when a process was killed before it noted that down', async () => {
    const path = join(log.directory, 'published.txt');
    const publish = publishing({ auditPublishFile: path });
    const notes = [await sealed()];
    await publish();
    notes.push(await sealed(), await sealed());
    await publish();
    expect(readFileSync(path, 'utf8')).toBe(notes.map((note) => `${note}\n`).join(''));
    await log.owner.query('UPDATE audit_publication SET size = size - 1');
    expect(await publish()).toMatchObject([{ published: 1, failure: undefined }]);
    expect(readFileSync(path, 'utf8')).toBe(notes.map((note) => `${note}\n`).join(''));
  });

  it('O6: a second checkpoint of a size that is in the file already is refused', async () => {
    const path = join(log.directory, 'published.txt');
    const publish = publishing({ auditPublishFile: path });
    await sealed();
    await publish();
    await log.owner.query(
      `UPDATE audit_publication SET size = size - 1; UPDATE audit_checkpoint SET note = regexp_replace(note, '\\n[^\\n]{44}\\n', E'\\nAAAA${'A'.repeat(39)}=\\n')`,
    );
    expect(await publish()).toMatchObject([{ failure: { code: 'audit/published_differently' } }]);
  });

  it('O6: to a webhook, tried again until it takes them, in order, with the failure on record meanwhile', async () => {
    const publish = publishing({ auditPublishWebhook: `${address}/hook` });
    answer = (_, response) => void response.writeHead(503).end();
    const notes = [await sealed()];
    expect(await publish()).toMatchObject([{ published: 0, failure: { code: 'audit/not_accepted' } }]);
    clock.advance(60_000);
    notes.push(await sealed());
    await publish();
    const [failing] = await log.unitOfWork.asSystem((tx) => log.tables.checkpoints.publications(tx));
    expect(failing).toMatchObject({ failure: 'audit/not_accepted', failingSince: new Date(clock.nowMs() - 60_000) });
    answer = (_, response) => void response.writeHead(204).end();
    await publish();
    notes.push(await sealed());
    await publish();
    const [working] = await log.unitOfWork.asSystem((tx) => log.tables.checkpoints.publications(tx));
    expect(working).toMatchObject({ failure: null, failingSince: null });
    expect(received.slice(2).map(({ body }) => body)).toEqual(notes.slice(1));
    expect(received.at(-1)).toMatchObject({ method: 'POST', path: '/hook', headers: { 'content-type': 'text/plain; charset=utf-8' } });
    expect(JSON.stringify(working)).not.toContain('hook/');
  });

  it('follows no redirect, and goes to no private address that is not allowed', async () => {
    answer = (_, response) => void response.writeHead(307, { location: `${address}/elsewhere` }).end();
    await sealed();
    expect(await publishing({ auditPublishWebhook: `${address}/hook` })()).toMatchObject([{ failure: { code: 'audit/not_accepted' } }]);
    expect(received).toHaveLength(1);
    const refused = publishing(
      { auditPublishWebhook: `${address}/hook`, auditPublishS3Bucket: 'bucket', auditPublishS3Endpoint: address },
      [],
    );
    expect(await refused()).toMatchObject(Array(2).fill({ failure: { code: 'outbound/address_not_allowed' } }));
    expect(await publishing({ auditPublishWebhook: 'http://localhost:1/x' }, [])()).toMatchObject([{ failure: {} }]);
    expect(received).toHaveLength(1);
  });

  it('O6: into a bucket, never over an object that is there, and compares what is', async () => {
    const objects = new Map<string, string>();
    answer = ({ method, path, headers, body }, response) => {
      if (method === 'GET') return void response.writeHead(objects.has(path) ? 200 : 404).end(objects.get(path));
      if (headers['if-none-match'] !== '*') return void response.writeHead(400).end();
      if (objects.has(path)) return void response.writeHead(412).end();
      objects.set(path, body);
      response.writeHead(200).end();
    };
    const publish = publishing({
      auditPublishS3Bucket: 'my-bucket',
      auditPublishS3Endpoint: address,
      auditPublishS3Region: 'eu-central-1',
      auditPublishS3AccessKeyId: 'AKIDEXAMPLE',
      auditPublishS3SecretAccessKey: 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY',
    });
    const note = await sealed();
    const { size } = await log.proofs.checkpoint();
    expect(await publish()).toMatchObject([{ published: 1 }]);
    const path = `/my-bucket/audit-log/localhost/lethe-audit/${String(size).padStart(16, '0')}`;
    expect([...objects]).toEqual([[path, note]]);
    expect(received[0]?.headers).toMatchObject({
      authorization: expect.stringMatching(
        /^AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE\/\d{8}\/eu-central-1\/s3\/aws4_request, SignedHeaders=\S*content-type;host;if-none-match\S*, Signature=[0-9a-f]{64}$/,
      ),
      'x-amz-content-sha256': createHash('sha256').update(note).digest('hex'),
      'x-amz-checksum-sha256': createHash('sha256').update(note).digest('base64'),
    });
    for (const each of received) expect(each.headers.authorization).toContain(`Signature=${signatureOf(each)}`);
    await log.owner.query('UPDATE audit_publication SET size = size - 1');
    expect(await publish()).toMatchObject([{ published: 1 }]);
    objects.set(path, note.replace('lethe', 'LETHE'));
    await log.owner.query('UPDATE audit_publication SET size = size - 1');
    expect(await publish()).toMatchObject([{ published: 0, failure: { code: 'audit/published_differently' } }]);
  });

  it('a destination that is away keeps no other waiting', async () => {
    const path = join(log.directory, 'published.txt');
    const publish = publishing({ auditPublishFile: path, auditPublishWebhook: 'http://127.0.0.1:1/' });
    await sealed();
    expect(await publish()).toMatchObject([{ published: 1 }, { published: 0, failure: { code: 'ECONNREFUSED' } }]);
  });
});
