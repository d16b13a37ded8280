import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type AccountId, newId } from '../../src/kernel/ids.js';
import { SendMail } from '../../src/modules/notifications/core/send-mail.js';
import type { MailId } from '../../src/modules/notifications/data/outgoing-mail.entity.js';
import { Mailer } from '../../src/modules/notifications/notifications.contract.js';
import { UnitOfWork } from '../../src/platform/database/unit-of-work.js';
import { Log } from '../../src/platform/telemetry/logger.js';
import { TestLethe } from '../harness/app.js';
import { type MailServer, startMailServer } from '../harness/mail.js';
import { mailIsOut } from '../harness/mailbox.js';

let server: MailServer;
let app: TestLethe;
const lines: string[] = [];
const link = 'https://gateway.example/sign-in?token=canary-8d1f';

beforeAll(async () => {
  server = await startMailServer();
  app = await TestLethe.start({
    environment: {
      LETHE_ROLES: 'api,worker',
      LETHE_SMTP_URL: server.url,
      LETHE_MAIL_FROM: 'Example AI <no-reply@gateway.example>',
      LETHE_PUBLIC_URL: 'https://gateway.example',
    },
    log: Log.open({ level: 'trace', destination: { write: (line: string) => void lines.push(line) } }),
  });
});

afterAll(async () => {
  await app?.stop();
  await server?.close();
});

function send(email: string, work: () => Promise<void> = () => Promise.resolve()): Promise<void> {
  return app.lethe.get(UnitOfWork).asSystem(async (tx) => {
    const to = { accountId: newId<AccountId>(), email, locale: 'de-AT' };
    await app.lethe.get(Mailer).send(tx, 'sign_in_link', to, { link, minutes: 15 });
    await work();
  });
}

describe('a mail', () => {
  it('leaves after its transaction, in the reader’s language, and nothing of it stays', async () => {
    await send('ada@reader.example');
    const mail = await server.next('ada@reader.example');
    expect(mail).toMatchObject({ from: 'no-reply@gateway.example', subject: 'Ihr Anmeldelink', links: [link] });
    expect(mail.text).toContain('15 Minuten');
    expect(mail.html).toContain(`href="${link}"`);
    expect(mail.headers.get('from')).toContain('Example AI');
    expect(mail.headers.get('auto-submitted')).toBe('auto-generated');
    await mailIsOut(app);
    const tables = await app.rows<{ name: string }>(
      `SELECT format('%I.%I', schemaname, tablename) AS name FROM pg_tables WHERE schemaname IN ('public', 'bullmq')`,
    );
    for (const { name } of tables) {
      const found = await app.rows(`SELECT 1 FROM ${name} t WHERE t::text LIKE '%reader.example%' OR t::text LIKE '%canary-8d1f%'`);
      expect([name, found.length]).toEqual([name, 0]);
    }
    expect(lines.join('')).not.toMatch(/reader\.example|canary-8d1f/);
  });

  it('of a transaction that is rolled back is never sent', async () => {
    await expect(send('nobody@reader.example', () => Promise.reject(new Error('changed my mind')))).rejects.toThrow('changed my mind');
    await send('after@reader.example');
    await server.next('after@reader.example');
    await mailIsOut(app);
    expect(server.mails().some(({ to }) => to === 'nobody@reader.example')).toBe(false);
  });

  it.each([
    'two@a.example,three@b.example',
    'a@b.example\r\nBcc: victim@c.example',
    '"quoted"@a.example',
    'a b@c.example',
    'Name <a@b.example>',
    '<a@b.example>',
    'group:a@b.example;',
    'nobody',
    `${'a'.repeat(65)}@b.example`,
    'a@b.example\u0000',
    '',
  ])('to %j is refused before anything is queued', async (email) => {
    await expect(send(email)).rejects.toMatchObject({ code: 'mail/invalid_address' });
    expect(await app.rows('SELECT id FROM outgoing_mail')).toEqual([]);
  });

  it('A3: whoever may queue one cannot read it back or take it away', async () => {
    const { organisationId } = await app.tenant({ route: false });
    const unitOfWork = app.lethe.get(UnitOfWork);
    for (const sql of ['SELECT * FROM outgoing_mail', 'DELETE FROM outgoing_mail', 'SELECT * FROM notification_key'])
      await expect(unitOfWork.forOrganisation(organisationId, (tx) => tx.query(sql))).rejects.toThrow('permission denied');
    const to = { accountId: null, email: 'tenant@reader.example', locale: 'en' };
    const values = { organisation: 'Acme', role: 'owner', link, days: 7 };
    await unitOfWork.forOrganisation(organisationId, (tx) => app.lethe.get(Mailer).send(tx, 'invitation', to, values));
    expect((await server.next('tenant@reader.example')).text).toContain('“Acme”');
  });

  it('that is already gone is not sent twice', async () => {
    const before = server.mails().length;
    await app.lethe.get(SendMail).run(newId<MailId>(), AbortSignal.timeout(5_000));
    expect(server.mails()).toHaveLength(before);
  });
});
