import { join } from 'node:path';
import type { Settings } from '../config/settings.js';
import type { Log } from '../telemetry/logger.js';
import { FolderMailTransport } from './folder-transport.js';
import type { MailTransport } from './mail-transport.js';
import { MissingMailTransport } from './missing-transport.js';

const DEVELOPMENT_SENDER = 'Lethe <no-reply@localhost>';

/** The way out that the settings name. It connects when a mail is sent; `check()` finds out whether it could. */
export async function createMailTransport(settings: Settings, log: Log): Promise<MailTransport> {
  const { smtpUrl, mailFrom, environment, smtpAllowPlaintext, dataDirectory } = settings;
  const isProduction = environment === 'production';
  if (smtpUrl !== undefined) {
    // Loaded where there is a server to speak to: nodemailer takes some 25 MB.
    const { SmtpMailTransport } = await import('./smtp-transport.js');
    return new SmtpMailTransport({
      url: smtpUrl,
      from: mailFrom ?? DEVELOPMENT_SENDER,
      requireTls: isProduction && !smtpAllowPlaintext,
    });
  }
  return isProduction ? new MissingMailTransport() : new FolderMailTransport(join(dataDirectory, 'outbox-mail'), log);
}
