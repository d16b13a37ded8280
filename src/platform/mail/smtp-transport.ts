import { createTransport } from 'nodemailer';
import { withoutBrackets } from '../../kernel/endpoint.js';
import { type AppError, kernelErrors } from '../../kernel/errors.js';
import { senderParts } from './mail-address.js';
import { mailErrors } from './mail.errors.js';
import { MailTransport, type OutgoingMail } from './mail-transport.js';

const CONNECT_MS = 10_000;
/** The longest silence: a server may think about a mail before it takes it (RFC 5321 §4.5.3.2 is far more generous). */
const SILENCE_MS = 30_000;
/** All of one mail, whatever the server does. */
const TOTAL_MS = 60_000;

export interface SmtpOptions {
  /** `smtp://` or `smtps://`, with user and password where the server wants them. */
  readonly url: string;
  /** `Example AI <no-reply@example.com>`. */
  readonly from: string;
  /** Whether a server that offers no TLS gets nothing (S1). */
  readonly requireTls: boolean;
}

/** Hands mails to an SMTP server, one connection a mail: what is sent is rare, and a connection kept open is one that may be stale. */
export class SmtpMailTransport extends MailTransport {
  override readonly isConfigured = true;
  override readonly senderName: string;
  private readonly from: { readonly name: string; readonly address: string };
  private readonly domain: string;
  private readonly transport: ReturnType<typeof openTransport>;

  constructor(options: SmtpOptions) {
    super();
    const { name, address } = senderParts(options.from);
    this.senderName = name ?? 'Lethe';
    this.from = { name: name ?? '', address };
    this.domain = address.slice(address.lastIndexOf('@') + 1);
    this.transport = openTransport(options);
  }

  override async send(mail: OutgoingMail, signal?: AbortSignal): Promise<void> {
    const deadline = AbortSignal.timeout(TOTAL_MS);
    try {
      await this.transport.sendMail({
        from: this.from,
        // As an object the address is never parsed, so it cannot turn into two.
        to: { name: '', address: mail.to },
        subject: mail.subject,
        text: mail.text,
        html: mail.html,
        messageId: `<${mail.id}@${this.domain}>`,
        headers: { 'Auto-Submitted': 'auto-generated', ...mail.headers },
        signal: signal ? AbortSignal.any([signal, deadline]) : deadline,
      });
    } catch (error) {
      throw failureOf(error);
    }
  }

  override async check(): Promise<void> {
    try {
      await this.transport.verify();
    } catch (error) {
      throw failureOf(error);
    }
  }
}

function openTransport({ url, requireTls }: SmtpOptions) {
  const { protocol, hostname, port, username, password } = new URL(url);
  const secure = protocol === 'smtps:';
  return createTransport({
    host: withoutBrackets(hostname),
    port: port === '' ? (secure ? 465 : 587) : Number(port),
    secure,
    requireTLS: requireTls && !secure,
    tls: { minVersion: 'TLSv1.2' },
    ...(username === '' ? {} : { auth: { user: decodeURIComponent(username), pass: decodeURIComponent(password) } }),
    connectionTimeout: CONNECT_MS,
    greetingTimeout: CONNECT_MS,
    dnsTimeout: CONNECT_MS,
    socketTimeout: SILENCE_MS,
    disableFileAccess: true,
    disableUrlAccess: true,
  });
}

/** Only what was said of this mail is final; a server that refuses the connection or the password may be set right. */
const ABOUT_THE_MAIL = new Set(['EENVELOPE', 'EMESSAGE']);

/** The server's words are left behind: they repeat the address. */
function failureOf(error: unknown): AppError {
  const { code, responseCode } = error as { readonly code?: unknown; readonly responseCode?: unknown };
  if (typeof code !== 'string') return kernelErrors.internal({ cause: error });
  const smtpCode = typeof responseCode === 'number' ? responseCode : null;
  const isFinal = ABOUT_THE_MAIL.has(code) && smtpCode !== null && smtpCode >= 500;
  return (isFinal ? mailErrors.refused : mailErrors.not_accepted)({ details: { reason: code, smtpCode } });
}
