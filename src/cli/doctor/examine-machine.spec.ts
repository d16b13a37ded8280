import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Settings } from '../../platform/config/settings.js';
import { acquireDirectoryLock } from '../../platform/database/embedded-directory-lock.js';
import { createRootKeyFile } from '../../platform/kms/root-key-file.js';
import { examineDataFolder, examineJournal, examineKeyManagement, examinePort } from './examine-machine.js';

let folder: string;
let settings: Settings;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'lethe-doctor-'));
  settings = Object.assign(new Settings(), { dataDirectory: folder });
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe('doctor on the data folder', () => {
  it('makes nothing: a folder that is not there yet is fine when its parent can be written', async () => {
    settings.dataDirectory = join(folder, 'deep', 'down');
    expect(await examineDataFolder(settings)).toMatchObject([{ level: 'ok', message: expect.stringContaining('first start') }]);
  });

  it('warns when everybody may write to it', async () => {
    chmodSync(folder, 0o777);
    expect(await examineDataFolder(settings)).toMatchObject([{ level: 'warn', action: `chmod o-w ${folder}` }]);
  });
});

describe('doctor on the root key', () => {
  it('makes no key where the first start would', async () => {
    expect(await examineKeyManagement(settings)).toMatchObject([{ level: 'ok' }]);
    expect(await examineKeyManagement(settings)).toMatchObject([{ level: 'ok', message: expect.stringContaining('is made when') }]);
  });

  it('K1: refuses a root key file others may read, and says what to run', async () => {
    const path = join(folder, 'root-key.json');
    await createRootKeyFile(path);
    chmodSync(path, 0o644);
    await expect(examineKeyManagement(settings)).rejects.toMatchObject({
      code: 'kms/misconfigured',
      publicMessage: expect.stringContaining('chmod 600'),
    });
  });

  it('warns about a root key file in production', async () => {
    const rootKeyFile = join(folder, 'root-key.json');
    await createRootKeyFile(rootKeyFile);
    Object.assign(settings, { environment: 'production', rootKeyFile });
    expect(await examineKeyManagement(settings)).toMatchObject([{ level: 'warn' }]);
  });
});

describe('doctor on the journal', () => {
  it('U3: names records that wait, and as an error those PostgreSQL refused', async () => {
    const journal = join(folder, 'journal', 'instance');
    mkdirSync(journal, { recursive: true });
    expect(await examineJournal(settings)).toMatchObject([{ level: 'ok' }]);
    writeFileSync(join(journal, '0000000001.jsonl'), '{}\n');
    writeFileSync(join(journal, 'rejected-2026-12-24.jsonl'), '{}\n');
    expect(await examineJournal(settings)).toMatchObject([
      { level: 'warn', action: expect.stringContaining('replays') },
      { level: 'error', message: expect.stringContaining('rejected-*.jsonl') },
    ]);
  });
});

describe('doctor on the port', () => {
  let server: Server;

  async function listen(headers: Record<string, string>): Promise<number> {
    server = createServer((_request, response) => response.writeHead(200, headers).end('{}'));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return (server.address() as AddressInfo).port;
  }

  afterEach(() => server?.close());

  it('tells a stranger on it from a Lethe', async () => {
    settings.port = await listen({});
    expect(await examinePort(settings)).toMatchObject([{ level: 'error', message: expect.stringContaining('another program') }]);
    server.close();
    settings.port = await listen({ 'x-request-id': '1' });
    expect(await examinePort(settings)).toMatchObject([{ level: 'ok', message: expect.stringContaining('A Lethe answers') }]);
  });

  it('is content with a free one, and with the Lethe that runs from this folder', async () => {
    settings.port = await listen({});
    await new Promise((resolve) => server.close(resolve));
    expect(await examinePort(settings)).toMatchObject([{ level: 'ok', message: expect.stringContaining('is free') }]);
    const lock = acquireDirectoryLock(folder);
    expect(await examinePort(settings)).toMatchObject([{ level: 'ok', message: expect.stringContaining(String(process.pid)) }]);
    lock.release();
  });
});
