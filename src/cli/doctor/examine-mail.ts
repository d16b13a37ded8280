import { join, resolve } from 'node:path';
import { AppError } from '../../kernel/errors.js';
import { sendgridKey } from '../../modules/notifications/core/sendgrid-signature.js';
import type { Settings } from '../../platform/config/settings.js';
import { createMailTransport } from '../../platform/mail/mail-factory.js';
import { Log } from '../../platform/telemetry/logger.js';
import { error, type Finding, ok, warn } from './finding.js';

const SETTINGS = 'Set LETHE_SMTP_URL, LETHE_MAIL_FROM and LETHE_PUBLIC_URL: see docs/notifications.md.';

/** Whether mail can leave: connects to the mail server and signs in, sends nothing. */
export async function examineMail(settings: Settings): Promise<Finding[]> {
  const findings: Finding[] = [];
  if (settings.smtpUrl === undefined) {
    findings.push(
      settings.environment === 'production'
        ? warn('mail', 'No mail server is set: sign-in links, invitations and recovery by mail cannot be used.', SETTINGS)
        : ok('mail', `No mail server is set; mails become files in ${resolve(join(settings.dataDirectory, 'outbox-mail'))}.`),
    );
  } else {
    findings.push(await serverFinding(settings));
  }
  if (settings.sendgridEventKey !== undefined && sendgridKey(settings.sendgridEventKey) === null)
    findings.push(
      error('mail events', 'LETHE_SENDGRID_EVENT_KEY is no P-256 public key.', 'Copy it anew from SendGrid’s Event Webhook settings.'),
    );
  return findings;
}

async function serverFinding(settings: Settings): Promise<Finding> {
  const { host } = new URL(settings.smtpUrl ?? '');
  try {
    await (await createMailTransport(settings, Log.open({ level: 'silent' }))).check();
    if (settings.environment === 'production' && settings.smtpAllowPlaintext)
      return warn('mail', `Mails may go to ${host} without TLS.`, 'Unset LETHE_SMTP_ALLOW_PLAINTEXT unless the server is on this machine.');
    return ok('mail', `${host} takes mails.`);
  } catch (failure) {
    if (!(failure instanceof AppError)) throw failure;
    const { reason, smtpCode } = failure.details as { readonly reason?: string; readonly smtpCode?: number | null };
    const code = [reason, smtpCode].filter(Boolean).join(' ');
    return error('mail', `${host} takes no mails (${code}).`, 'Check address, port, TLS and password of LETHE_SMTP_URL.');
  }
}
