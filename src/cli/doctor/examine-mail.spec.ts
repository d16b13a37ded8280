import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { startMailServer } from '../../../test/harness/mail.js';
import { Settings } from '../../platform/config/settings.js';
import { examineMail } from './examine-mail.js';

const settings = (given: Partial<Settings>) => Object.assign(new Settings(), given);
const production = { environment: 'production', mailFrom: 'a@b.example' } as const;

describe('what the doctor says of mail', () => {
  it('in production without a mail server: what cannot be used, and what to set', async () => {
    expect(await examineMail(settings(production))).toMatchObject([{ level: 'warn', subject: 'mail' }]);
  });

  it('in development without one: where the mails are', async () => {
    const [finding] = await examineMail(settings({}));
    expect(finding).toMatchObject({ level: 'ok' });
    expect(finding?.message).toContain('outbox-mail');
  });

  it('of a server that is there, and of one that is not', async () => {
    const server = await startMailServer();
    expect(await examineMail(settings({ smtpUrl: server.url }))).toMatchObject([{ level: 'ok' }]);
    await server.close();
    expect(await examineMail(settings({ smtpUrl: server.url }))).toMatchObject([{ level: 'error' }]);
  });

  it('S1: of a server without TLS in production: it gets nothing unless told', async () => {
    const server = await startMailServer();
    const refused = await examineMail(settings({ ...production, smtpUrl: server.url }));
    expect(refused).toMatchObject([{ level: 'error' }]);
    expect(await examineMail(settings({ ...production, smtpUrl: server.url, smtpAllowPlaintext: true }))).toMatchObject([
      { level: 'warn' },
    ]);
    await server.close();
  });

  it('of a wrong password: no secret and no user in the finding', async () => {
    const server = await startMailServer({ user: { name: 'mailer', password: 'right' } });
    const url = server.url.replace('right', 'wrong-canary');
    const [finding] = await examineMail(settings({ smtpUrl: url }));
    expect(finding).toMatchObject({ level: 'error' });
    expect(JSON.stringify(finding)).not.toMatch(/canary|mailer/);
    expect(await examineMail(settings({ smtpUrl: server.url }))).toMatchObject([{ level: 'ok' }]);
    await server.close();
  });

  it('of a key for delivery events that is none', async () => {
    const key = generateKeyPairSync('ec', { namedCurve: 'prime256v1' })
      .publicKey.export({ format: 'der', type: 'spki' })
      .toString('base64');
    expect(await examineMail(settings({ sendgridEventKey: key }))).toHaveLength(1);
    expect(await examineMail(settings({ sendgridEventKey: 'A'.repeat(100) }))).toMatchObject([
      {},
      { level: 'error', subject: 'mail events' },
    ]);
  });
});
