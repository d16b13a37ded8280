import { describe, expect, it } from 'vitest';
import { loadSettings } from './load-settings.js';

describe('the settings of mail', () => {
  it.each([
    'smtp://mail.example.com',
    'smtps://mail.example.com:465',
    'smtp://user:p%40ss%2Fword@mail.example.com:587/',
    'smtp://[::1]:25',
  ])('take %s', (url) => expect(loadSettings({ LETHE_SMTP_URL: url }).smtpUrl).toBe(url));

  it.each([
    'http://mail.example.com',
    'smtp://',
    'smtp://user:%zz@mail.example.com',
    'smtp://user:%ff@mail.example.com',
    'smtp://mail.example.com/path',
    'smtp://mail.example.com?x=canary',
    'mail.example.com:25',
  ])('refuse %s without repeating it', (url) => {
    expect(() => loadSettings({ LETHE_SMTP_URL: url })).toThrow(/^config\/invalid_setting: LETHE_SMTP_URL must be an smtp/);
  });

  it.each(['Example AI <no-reply@example.com>', 'no-reply@example.com'])('take the sender %s', (from) =>
    expect(loadSettings({ LETHE_MAIL_FROM: from }).mailFrom).toBe(from),
  );

  it.each(['Example', 'A <a@b>\r\nBcc: c@d', '"A" <a@b>', 'a@b, c@d', '<a@b>'])('refuse the sender %j', (from) =>
    expect(() => loadSettings({ LETHE_MAIL_FROM: from })).toThrow('LETHE_MAIL_FROM'),
  );

  it('ask in production for what a mail needs besides a server', () => {
    const production = { LETHE_ENV: 'production', DATABASE_URL: 'postgres://h/d', LETHE_ROOT_KEY_FILE: '/k', LETHE_SMTP_URL: 'smtp://h' };
    expect(() => loadSettings(production)).toThrow(/LETHE_MAIL_FROM must be set.*LETHE_PUBLIC_URL must be set/);
  });
});
