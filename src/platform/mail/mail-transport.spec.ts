import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { type MailServer, startMailServer } from '../../../test/harness/mail.js';
import { newId } from '../../kernel/ids.js';
import { Log } from '../telemetry/logger.js';
import { FolderMailTransport } from './folder-transport.js';
import { isMailAddress, senderParts } from './mail-address.js';
import type { OutgoingMail } from './mail-transport.js';
import { SmtpMailTransport } from './smtp-transport.js';

const mail = (more: Partial<OutgoingMail> = {}): OutgoingMail => ({
  id: newId(),
  to: 'reader@a.example',
  subject: 'Betreff: 主题',
  text: 'Text\n.\nMore',
  html: '<p>Text</p>',
  headers: {},
  ...more,
});

describe('over SMTP', () => {
  let server: MailServer | undefined;

  afterEach(() => server?.close());

  it('one mail reaches one recipient, in any script, whatever its text holds', async () => {
    server = await startMailServer();
    const transport = new SmtpMailTransport({ url: server.url, from: 'Ünïcode <a@b.example>', requireTls: false });
    const sent = mail();
    await transport.send(sent);
    const got = await server.next('reader@a.example');
    expect(got).toMatchObject({ subject: 'Betreff: 主题', messageId: `<${sent.id}@b.example>` });
    expect(got.text).toContain('Text\n.\nMore');
  });

  it('a line break in a subject or a header becomes no header of its own', async () => {
    server = await startMailServer();
    const transport = new SmtpMailTransport({ url: server.url, from: 'a@b.example', requireTls: false });
    const evil = 'x\r\nBcc: victim@c.example\r\n\r\nbody';
    await transport.send(mail({ subject: evil, headers: { 'List-Unsubscribe': evil } }));
    const { headers } = await server.next('reader@a.example');
    expect([headers.has('bcc'), server.mails().length]).toEqual([false, 1]);
  });

  it('S1: where TLS is required, a server that offers none gets nothing', async () => {
    server = await startMailServer();
    const transport = new SmtpMailTransport({ url: server.url, from: 'a@b.example', requireTls: true });
    await expect(transport.send(mail())).rejects.toMatchObject({ code: 'mail/not_accepted' });
    expect(server.mails()).toEqual([]);
  });

  it('S1: a server whose certificate nobody vouches for gets nothing, required or not', async () => {
    server = await startMailServer({ tls: true });
    for (const requireTls of [true, false]) {
      const transport = new SmtpMailTransport({ url: server.url, from: 'a@b.example', requireTls });
      await expect(transport.send(mail())).rejects.toMatchObject({ code: 'mail/not_accepted' });
    }
    expect(server.mails()).toEqual([]);
  });

  it('a server that is away, hangs up or never answers is worth another try; none of it quotes an address', async () => {
    const transport = new SmtpMailTransport({ url: 'smtp://127.0.0.1:9', from: 'a@b.example', requireTls: false });
    const failure = await transport.send(mail()).catch((error: unknown) => error);
    expect(failure).toMatchObject({ code: 'mail/not_accepted' });
    server = await startMailServer({ onMail: () => new Promise(() => undefined) });
    const slow = new SmtpMailTransport({ url: server.url, from: 'a@b.example', requireTls: false });
    const stopped = await slow.send(mail(), AbortSignal.timeout(200)).catch((error: unknown) => error);
    expect(JSON.stringify([failure, stopped])).not.toContain('reader@');
  });
});

describe('into a folder', () => {
  it('a mail becomes a file that this user alone can read; the log names it and says nothing of it', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'lethe-mail-'));
    const folder = join(directory, 'outbox-mail');
    const lines: string[] = [];
    const log = Log.open({ level: 'info', destination: { write: (line: string) => void lines.push(line) } });
    const transport = new FolderMailTransport(folder, log);
    for (let n = 0; n < 52; n += 1) await transport.send(mail({ text: `canary ${n}` }));
    const files = readdirSync(folder).sort();
    expect(files).toHaveLength(50);
    expect(readFileSync(join(folder, files.at(-1) ?? ''), 'utf8')).toContain('canary 51');
    expect([statSync(folder).mode & 0o777, statSync(join(folder, files[0] ?? '')).mode & 0o777]).toEqual([0o700, 0o600]);
    expect(lines.join('')).toContain(folder);
    expect(lines.join('')).not.toMatch(/canary|reader@|Betreff/);
    rmSync(directory, { recursive: true });
  });
});

describe('an address', () => {
  it.each(['a@b.example', 'a.b+c@d-e.example', 'ü@例子.example', "o'neill@a.example"])('%s is one', (text) =>
    expect(isMailAddress(text)).toBe(true),
  );

  it.each([
    '',
    'a',
    '@b',
    'a@',
    'a@b@c',
    'a b@c',
    'a@b\n',
    'a,b@c',
    '<a@b>',
    'a@b>',
    'a\u0000@b',
    'a\u202e@b',
    'a@[127.0.0.1]',
    `a@${'b'.repeat(254)}`,
  ])('%j is none', (text) => expect(isMailAddress(text)).toBe(false));

  it('of a sender comes with a name or without', () => {
    expect(senderParts('Example AI <a@b.example>')).toEqual({ name: 'Example AI', address: 'a@b.example' });
    expect(senderParts('a@b.example')).toEqual({ name: null, address: 'a@b.example' });
  });
});
