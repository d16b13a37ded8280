import { mailErrors } from './mail.errors.js';
import { MailTransport } from './mail-transport.js';

/** Production without a mail server: whatever needs mail says so instead of losing it. */
export class MissingMailTransport extends MailTransport {
  override readonly isConfigured = false;
  override readonly senderName = 'Lethe';

  override send(): Promise<void> {
    return Promise.reject(mailErrors.not_configured());
  }

  override check(): Promise<void> {
    return Promise.reject(mailErrors.not_configured());
  }
}
