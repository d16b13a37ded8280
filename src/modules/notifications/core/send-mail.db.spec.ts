import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type MailServer, type MailServerOptions, type ReceivedMail, startMailServer } from '../../../../test/harness/mail.js';
import { NotificationsApp } from '../../../../test/harness/notifications.js';
import { sweepTables } from '../../../../test/harness/sweeps.js';
import { ManualClock } from '../../../kernel/clock.js';
import { type AccountId, newId } from '../../../kernel/ids.js';
import { UnitOfWork } from '../../../platform/database/unit-of-work.js';
import type { MailId } from '../data/outgoing-mail.entity.js';
import { GiveUpMailsJob } from '../jobs/give-up-mails.job.js';
import { Mailer, type MessageKind, type Recipient, type ValuesOf } from '../notifications.contract.js';
import { ChangePreferences } from './change-preferences.js';
import { NotificationKeys } from './notification-keys.js';
import { SendMail } from './send-mail.js';

const DAY_MS = 86_400_000;
const link = 'https://gateway.example/l/1';
const behaviour: { onRecipient?: MailServerOptions['onRecipient']; onMail?: MailServerOptions['onMail'] } = {};
const clock = new ManualClock(Date.now());
const actor = { kind: 'system', id: 'test' } as const;

let server: MailServer;
let app: NotificationsApp;

beforeAll(async () => {
  server = await startMailServer({
    onRecipient: (address) => behaviour.onRecipient?.(address),
    onMail: (mail) => behaviour.onMail?.(mail),
  });
  app = await NotificationsApp.start({ clock, settings: { smtpUrl: server.url, mailFrom: 'Example AI <a@gateway.example>' } });
});

afterAll(async () => {
  await app?.stop();
  await server?.close();
});

beforeEach(() => {
  delete behaviour.onRecipient;
  delete behaviour.onMail;
});

async function queue<K extends MessageKind>(kind: K, to: Recipient, values: ValuesOf<K>): Promise<MailId> {
  await app.inner.get(UnitOfWork).asSystem((tx) => app.inner.get(Mailer).send(tx, kind, to, values));
  const [row] = await app.rows<{ id: MailId }>('SELECT id FROM outgoing_mail ORDER BY id DESC LIMIT 1');
  return row?.id as MailId;
}

const run = (id: MailId) => app.inner.get(SendMail).run(id, AbortSignal.timeout(10_000));
const waiting = async () => (await app.rows('SELECT id FROM outgoing_mail')).length;
const someone = (email: string): Recipient => ({ accountId: newId<AccountId>(), email, locale: 'en' });

describe('a queued mail', () => {
  it('lies sealed: neither address nor values can be read from its row, and a row copied to another id does not open', async () => {
    const id = await queue('sign_in_link', someone('sealed@reader.example'), { link, minutes: 15 });
    const [row] = await app.rows<{ sealed: Buffer; text: string }>('SELECT sealed, m::text AS text FROM outgoing_mail m WHERE id = $1', [
      id,
    ]);
    expect(row?.sealed.toString('latin1')).not.toMatch(/sealed@|gateway\.example/);
    const other = newId<MailId>();
    await app.rows('INSERT INTO outgoing_mail SELECT $1, kind, sealed, created_at FROM outgoing_mail WHERE id = $2', [other, id]);
    await expect(run(other)).rejects.toMatchObject({ code: 'kms/unreadable' });
    await app.rows('DELETE FROM outgoing_mail WHERE id = $1', [other]);
    await run(id);
    await server.next('sealed@reader.example');
  });

  it('that the server does not take now waits for another try', async () => {
    const id = await queue('sign_in_link', someone('later@reader.example'), { link, minutes: 15 });
    behaviour.onRecipient = () => 451;
    await expect(run(id)).rejects.toMatchObject({ code: 'mail/not_accepted', details: { smtpCode: 451 } });
    expect(await waiting()).toBe(1);
    delete behaviour.onRecipient;
    await run(id);
    await server.next('later@reader.example');
    expect(await waiting()).toBe(0);
  });

  it('that the server refuses for good is forgotten, and its address stands in no log', async () => {
    const id = await queue('sign_in_link', someone('gone-for-good@reader.example'), { link, minutes: 15 });
    behaviour.onRecipient = () => 550;
    await run(id);
    expect(await waiting()).toBe(0);
    expect(app.inner.lines.join('')).toContain('mail/refused');
    expect(app.inner.lines.join('')).not.toMatch(/gone-for-good|reader\.example/);
  });

  it('whose process died after the server took it is sent again with the same Message-ID', async () => {
    const id = await queue('sign_in_link', someone('twice@reader.example'), { link, minutes: 15 });
    const seen: ReceivedMail[] = [];
    // The server has the mail and its answer is lost, as when a process is killed before it could read it.
    behaviour.onMail = (mail) => (seen.push(mail), 451);
    await expect(run(id)).rejects.toMatchObject({ code: 'mail/not_accepted' });
    delete behaviour.onMail;
    await run(id);
    const second = await server.next('twice@reader.example');
    expect(seen).toHaveLength(1);
    expect(second.messageId).toBe(`<${id}@gateway.example>`);
    expect(seen[0]?.messageId).toBe(second.messageId);
  });

  it('is stopped in the middle when its process has to stop, and stays', async () => {
    const id = await queue('sign_in_link', someone('stopped@reader.example'), { link, minutes: 15 });
    const stopping = new AbortController();
    behaviour.onMail = async () => {
      stopping.abort();
      await new Promise((resolve) => setTimeout(resolve, 100));
      return 451;
    };
    await expect(app.inner.get(SendMail).run(id, stopping.signal)).rejects.toThrow();
    expect(await waiting()).toBe(1);
    await app.rows('DELETE FROM outgoing_mail');
  });

  it('is given up after a day, by whoever tries it or by the sweep', async () => {
    const first = await queue('sign_in_link', someone('old@reader.example'), { link, minutes: 15 });
    clock.advance(DAY_MS + 60_000);
    await run(first);
    expect(await waiting()).toBe(0);
    await queue('sign_in_link', someone('older@reader.example'), { link, minutes: 15 });
    await sweepTables(app.inner.get(GiveUpMailsJob), app.inner.get(UnitOfWork));
    expect(await waiting()).toBe(1);
    clock.advance(DAY_MS + 3_700_000);
    await sweepTables(app.inner.get(GiveUpMailsJob), app.inner.get(UnitOfWork));
    expect(await waiting()).toBe(0);
    expect(server.mails().some(({ to }) => to.startsWith('old'))).toBe(false);
  });
});

describe('what an account wants', () => {
  it('G4: gets no advertising unless it asked for it, and none after one click', async () => {
    const reader = { accountId: await app.account(), email: 'news@reader.example', locale: 'en' };
    const news = { heading: 'New', text: 'Something new', link };
    await queue('product_news', reader, news);
    await app.sendMails();
    expect(await waiting()).toBe(0);
    expect(server.mails().some(({ to }) => to === reader.email)).toBe(false);

    await app.inner.get(ChangePreferences).setConsent(actor, reader.accountId, { granted: true, version: '2026-01' });
    await queue('product_news', reader, news);
    await app.sendMails();
    const mail = await server.next(reader.email);
    expect(mail.headers.get('list-unsubscribe-post')).toBe('List-Unsubscribe=One-Click');
    const address = (mail.headers.get('list-unsubscribe') ?? '').slice(1, -1);
    expect(mail.links).toContain(address);

    const path = new URL(address).pathname;
    const looked = await app.inner.app.inject({ method: 'GET', url: path });
    expect(looked.statusCode).toBe(200);
    expect(looked.body).toContain('<form method="post">');
    expect((await app.inner.get(ChangePreferences).read(reader.accountId)).marketing.granted).toBe(true);
    const headers = { 'content-type': 'application/x-www-form-urlencoded' };
    const clicked = await app.inner.app.inject({ method: 'POST', url: path, headers, payload: 'List-Unsubscribe=One-Click' });
    expect(clicked.statusCode).toBe(200);
    // RFC 8058 prefers the other encoding of the same form; doing it twice is doing it once.
    const payload = '--x\r\ncontent-disposition: form-data; name="List-Unsubscribe"\r\n\r\nOne-Click\r\n--x--\r\n';
    const multipart = { 'content-type': 'multipart/form-data; boundary=x' };
    expect((await app.inner.app.inject({ method: 'POST', url: path, headers: multipart, payload })).statusCode).toBe(200);
    expect((await app.inner.get(ChangePreferences).read(reader.accountId)).marketing).toMatchObject({ granted: false, version: '2026-01' });
    const [consent] = await app.rows('SELECT source FROM marketing_consent WHERE account_id = $1', [reader.accountId]);
    expect(consent).toEqual({ source: 'one_click' });

    await queue('product_news', reader, news);
    await app.sendMails();
    expect(server.mails().filter(({ to }) => to === reader.email)).toHaveLength(1);
  });

  it('a preference said between the change and the mail is heard; a security message goes out whatever is preferred', async () => {
    const reader = { accountId: await app.account(), email: 'prefers@reader.example', locale: 'en' };
    await queue('role_changed', reader, { organisation: 'Acme', role: 'viewer' });
    await app.inner.get(ChangePreferences).setByMail(actor, reader.accountId, { organisation: false });
    await app.sendMails();
    await queue('password_changed', reader, {});
    await app.sendMails();
    expect((await server.next(reader.email)).subject).toBe('Your password was changed');
    expect(server.mails().filter(({ to }) => to === reader.email)).toHaveLength(1);
  });
});

describe('the key', () => {
  it('is one for the installation, sealed, and follows a rotation of the root key (K3)', async () => {
    const [row] = await app.rows<{ ciphertext: Buffer; n: string }>(
      'SELECT ciphertext, (SELECT count(*) FROM notification_key)::text AS n FROM notification_key',
    );
    expect(row?.n).toBe('1');
    const keys = app.inner.get(NotificationKeys);
    expect(await keys.rewrap()).toBe(false);
    const sealed = keys.seal('mail', 'name', 'text');
    expect(keys.unseal('mail', 'name', sealed)).toBe('text');
    expect(() => keys.unseal('webhook_secret', 'name', sealed)).toThrow();
    for (let at = 0; at < sealed.length; at += 1) {
      const damaged = Buffer.from(sealed);
      damaged[at] = (damaged[at] as number) ^ 1;
      expect(() => keys.unseal('mail', 'name', damaged)).toThrow();
    }
  });
});

describe('without a mail server in production', () => {
  it('what needs mail says so, and what only tells of something is left out', async () => {
    const bare = await NotificationsApp.start({ settings: { environment: 'production', roles: ['api'] } });
    const mailer = bare.inner.get(Mailer);
    expect(mailer.isConfigured).toBe(false);
    const unitOfWork = bare.inner.get(UnitOfWork);
    const to = someone('a@b.example');
    const asked = unitOfWork.asSystem((tx) => mailer.send(tx, 'sign_in_link', to, { link, minutes: 15 }));
    await expect(asked).rejects.toMatchObject({ code: 'mail/not_configured', status: 503 });
    await unitOfWork.asSystem((tx) => mailer.send(tx, 'password_changed', to, {}));
    expect(await bare.rows('SELECT id FROM outgoing_mail')).toEqual([]);
    await bare.stop();
  });
});
