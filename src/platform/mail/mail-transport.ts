/** One mail, rendered. `to` is a bare address that `isMailAddress` takes. */
export interface OutgoingMail {
  /** The left part of its Message-ID: the same at every try, so that a mail handed over twice can be told for one. */
  readonly id: string;
  readonly to: string;
  readonly subject: string;
  readonly text: string;
  readonly html: string;
  readonly headers: Readonly<Record<string, string>>;
}

/**
 * Hands mails to whoever delivers them. Also the injection token; one strategy per way out. Every failure is an `AppError`:
 * `mail/not_configured`, `mail/refused` (for good), `mail/not_accepted` (worth another try). None of them quotes an address.
 */
export abstract class MailTransport {
  /** Whether there is a way out at all. */
  abstract readonly isConfigured: boolean;
  /** What mails call the service. */
  abstract readonly senderName: string;
  /** Resolves when the mail has been taken over. */
  abstract send(mail: OutgoingMail, signal?: AbortSignal): Promise<void>;
  /** Whether mail could be handed over now: connects and signs in, sends nothing. */
  abstract check(): Promise<void>;
}
