import { mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { Log } from '../telemetry/logger.js';
import { MailTransport, type OutgoingMail } from './mail-transport.js';

/** More are of no use to somebody trying Lethe out, and what is in them should not gather. */
const MAILS_KEPT = 50;

/**
 * Development without a mail server: each mail becomes a text file that only this user can read, so that a newcomer can follow a sign-in
 * link. The log names the file and nothing of what is in it.
 */
export class FolderMailTransport extends MailTransport {
  override readonly isConfigured = true;
  override readonly senderName = 'Lethe';

  constructor(
    private readonly folder: string,
    private readonly log: Log,
  ) {
    super();
  }

  override async send(mail: OutgoingMail): Promise<void> {
    await mkdir(this.folder, { recursive: true, mode: 0o700 });
    // Ids sort by time, so the newest file is the last.
    const file = join(this.folder, `${mail.id}.txt`);
    const headers = Object.entries(mail.headers).map(([name, value]) => `${name}: ${value}\n`);
    await writeFile(file, `To: ${mail.to}\nSubject: ${mail.subject}\n${headers.join('')}\n${mail.text}\n`, { mode: 0o600 });
    this.log.info('no mail server is set; the mail is in a file', { component: 'mail', file: resolve(file) });
    const older = (await readdir(this.folder)).filter((name) => name.endsWith('.txt')).sort();
    await Promise.all(older.slice(0, -MAILS_KEPT).map((name) => rm(join(this.folder, name), { force: true })));
  }

  override check(): Promise<void> {
    return Promise.resolve();
  }
}
