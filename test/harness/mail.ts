import type { AddressInfo } from 'node:net';
import PostalMime, { type Email } from 'postal-mime';
import { SMTPServer, type SMTPServerOptions } from 'smtp-server';
import { expect } from 'vitest';

/** A mail as the server took it. */
export interface ReceivedMail {
  /** Of the envelope, where the mail really went. */
  readonly to: string;
  readonly from: string;
  readonly subject: string;
  readonly text: string;
  readonly html: string;
  readonly messageId: string;
  /** All header fields by lower-case name; the last one of a name that stands there twice. */
  readonly headers: ReadonlyMap<string, string>;
  /** As it came over the wire. */
  readonly raw: string;
  /** The addresses of all links in the text, in order. */
  readonly links: readonly string[];
}

export interface MailServerOptions {
  /** Asked for each recipient: an SMTP reply code of 400 or more refuses. */
  readonly onRecipient?: (address: string) => number | undefined;
  /** Asked when a mail is complete; what it returns or throws is the answer. */
  readonly onMail?: (mail: ReceivedMail) => number | undefined | Promise<number | undefined>;
  /** Whether the server offers STARTTLS, with a certificate that nobody vouches for. */
  readonly tls?: true;
  readonly user?: { readonly name: string; readonly password: string };
  readonly port?: number;
}

/** A real SMTP server. */
export interface MailServer {
  /** For LETHE_SMTP_URL. */
  readonly url: string;
  /** All mails taken so far, oldest first. */
  mails(): readonly ReceivedMail[];
  /** The first mail to that address that this function has not answered yet; waits for it. */
  next(to: string, timeoutMs?: number): Promise<ReceivedMail>;
  close(): Promise<void>;
}

export async function startMailServer(options: MailServerOptions = {}): Promise<MailServer> {
  const mails: ReceivedMail[] = [];
  const read = new Set<ReceivedMail>();
  const server = new SMTPServer(serverOptions(options, mails));
  server.on('error', () => undefined);
  await new Promise<void>((resolve) => void server.listen(options.port ?? 0, '127.0.0.1', resolve));
  const { port } = server.server.address() as AddressInfo;
  const login = options.user ? `${encodeURIComponent(options.user.name)}:${encodeURIComponent(options.user.password)}@` : '';
  return {
    url: `smtp://${login}127.0.0.1:${port}`,
    mails: () => mails,
    next: async (to, timeoutMs = 10_000) => {
      const unread = (): ReceivedMail | undefined => mails.find((mail) => mail.to.toLowerCase() === to.toLowerCase() && !read.has(mail));
      await expect.poll(() => unread() !== undefined, { timeout: timeoutMs, interval: 20, message: `a mail to ${to}` }).toBe(true);
      const mail = unread() as ReceivedMail;
      read.add(mail);
      return mail;
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
      }),
  };
}

function serverOptions({ onRecipient, onMail, tls, user }: MailServerOptions, mails: ReceivedMail[]): SMTPServerOptions {
  return {
    disabledCommands: [...(tls ? [] : ['STARTTLS']), ...(user ? [] : ['AUTH'])],
    allowInsecureAuth: true,
    disableReverseLookup: true,
    closeTimeout: 100,
    onAuth: (auth, _session, done) => {
      const isRight = auth.username === user?.name && auth.password === user?.password;
      done(isRight ? null : new Error('535 wrong'), isRight ? { user: auth.username } : undefined);
    },
    onRcptTo: ({ address }, _session, done) => done(refusal(onRecipient?.(address))),
    onData: (stream, session, answered) => {
      const answer = async (): Promise<Error | null> => {
        const chunks: Buffer[] = [];
        for await (const chunk of stream) chunks.push(chunk as Buffer);
        const { mailFrom, rcptTo } = session.envelope;
        const from = mailFrom === false ? '' : mailFrom.address;
        const mail = await receivedMail(Buffer.concat(chunks), from, rcptTo[0]?.address ?? '');
        const code = await onMail?.(mail);
        if (code === undefined || code < 400) mails.push(mail);
        return refusal(code);
      };
      void answer().then(answered, answered);
    },
  };
}

function refusal(code: number | undefined): Error | null {
  if (code === undefined || code < 400) return null;
  return Object.assign(new Error('no'), { responseCode: code });
}

async function receivedMail(raw: Buffer, from: string, to: string): Promise<ReceivedMail> {
  const parsed: Email = await PostalMime.parse(raw);
  const text = parsed.text ?? '';
  return {
    to,
    from,
    subject: parsed.subject ?? '',
    text,
    html: parsed.html ?? '',
    messageId: parsed.messageId ?? '',
    headers: new Map(parsed.headers.map(({ key, value }) => [key.toLowerCase(), value])),
    raw: raw.toString('utf8'),
    links: text.match(/https?:\/\/[^\s<>"]+/g) ?? [],
  };
}
