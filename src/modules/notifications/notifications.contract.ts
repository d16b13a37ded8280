import type { AccountId, OrganisationId } from '../../kernel/ids.js';
import type { Tx } from '../../platform/database/unit-of-work.js';
import type { OrganisationRole } from '../../platform/http/permissions.js';

/**
 * Every mail and notice Lethe sends, with the values its template shows: `needs` must be given, `may` leaves its paragraph out when it is not.
 * `until` and `when` are moments (ISO 8601, or epoch milliseconds) and are written out in the reader's language; `role`, `reason`, `change` and
 * `method` are enums, for which each language has words (`templates/`), or else plain text. Each kind has a template per language.
 */
export const MESSAGE_VALUES = {
  sign_in_link: { needs: ['link', 'minutes'], may: [] },
  confirm_email: { needs: ['link', 'hours'], may: [] },
  /** To somebody who has an account already: the sign-up came to nothing. */
  sign_up_attempted: { needs: [], may: ['link'] },
  /** To the old address; `link` stops the change. */
  email_change_requested: { needs: [], may: ['link'] },
  /** To the new address; `link` makes the change. */
  email_change_confirm: { needs: ['link', 'hours'], may: [] },
  /** To the old address; `link` takes the change back. */
  email_changed: { needs: [], may: ['link'] },
  account_recovery: { needs: ['link', 'minutes'], may: [] },
  password_changed: { needs: [], may: ['link'] },
  second_factor_changed: { needs: ['change'], may: ['link'] },
  /** One more provider opens the account. */
  identity_linked: { needs: ['provider'], may: [] },
  new_sign_in: { needs: ['device', 'when'], may: ['place', 'method', 'link'] },
  invitation: { needs: ['organisation', 'role', 'link', 'days'], may: ['inviter'] },
  role_changed: { needs: ['organisation', 'role'], may: [] },
  member_removed: { needs: ['organisation'], may: [] },
  ownership_offered: { needs: ['organisation', 'days'], may: [] },
  ownership_transferred: { needs: ['organisation'], may: [] },
  break_glass_opened: { needs: ['organisation', 'reason', 'until'], may: [] },
  key_blocked: { needs: ['organisation', 'key', 'reason'], may: [] },
  /** Something is unusual about it, and it goes on working. */
  key_suspected: { needs: ['organisation', 'key', 'reason'], may: [] },
  budget_threshold_crossed: { needs: ['organisation', 'percent'], may: [] },
  account_blocked: { needs: ['reason'], may: [] },
  account_released: { needs: [], may: [] },
  webhook_disabled: { needs: ['organisation', 'url'], may: [] },
  /** Of a SAML provider, the last one that is valid; `until` may have passed. */
  certificate_expiring: { needs: ['organisation', 'provider', 'until'], may: [] },
  /** The record that proves a domain is gone; `until` the domain keeps its effect. */
  domain_record_missing: { needs: ['organisation', 'domain', 'until'], may: [] },
  domain_lost: { needs: ['organisation', 'domain'], may: [] },
  /** To the operator's staff: something of a class is kept past its time. */
  data_overdue: { needs: ['dataClass', 'store', 'hours'], may: [] },
  data_overdue_ended: { needs: ['dataClass'], may: [] },
  /** The only one that is advertising: goes to those who asked for it and to nobody else. */
  product_news: { needs: ['heading', 'text', 'link'], may: [] },
} as const satisfies Record<string, { readonly needs: readonly string[]; readonly may: readonly string[] }>;

export type MessageKind = keyof typeof MESSAGE_VALUES;

type Value = string | number;

/** Values of any message. Links are absolute; names are shown as text, never as markup. */
export type MessageValues = Readonly<Record<string, Value>>;

/** The values a template of this kind shows. */
export type ValuesOf<K extends MessageKind> = Readonly<
  Record<(typeof MESSAGE_VALUES)[K]['needs'][number], Value> & Partial<Record<(typeof MESSAGE_VALUES)[K]['may'][number], Value>>
>;

/** Who a message is for: an account, or an address that has no account yet. */
export type Recipient =
  | { readonly accountId: AccountId; readonly email: string; readonly locale: string }
  | { readonly accountId: null; readonly email: string; readonly locale: string };

/** Sends mail. Also the injection token. */
export abstract class Mailer {
  /**
   * Whether mail can leave this installation at all. False only in production without a mail server: then a way to sign in that needs mail is
   * not offered, and what only tells of something is told inside the product alone.
   */
  abstract readonly isConfigured: boolean;

  /**
   * Queues a mail that leaves after the caller's transaction has committed, and never if it has not. Until then address and values lie encrypted; the queue
   * carries an id only. Security messages are sent whatever the recipient prefers.
   *
   * Raises `mail/invalid_address` for an address no mail can be sent to. A message that carries a link to act on raises `mail/not_configured` where
   * there is no mail server and `notifications/key_not_ready` while the key it is sealed under is not; one that only tells is left out then.
   */
  abstract send<K extends MessageKind>(tx: Tx, kind: K, to: Recipient, values: ValuesOf<K>): Promise<void>;

  /** Makes the key ready that mail is sealed under. A server does so at its start; the command line calls it before its transaction. */
  abstract ready(): Promise<void>;
}

/** Messages about an organisation, which name it. */
export type OrganisationMessage = {
  [K in MessageKind]: 'organisation' extends (typeof MESSAGE_VALUES)[K]['needs'][number] ? K : never;
}[MessageKind];

/** Who in an organisation a mail is for. */
export interface OrganisationReaders {
  readonly organisationId: OrganisationId;
  readonly roles: readonly OrganisationRole[];
}

/** Mails to people of an organisation by what they are in it, for whoever does not know them. Also the injection token. */
export abstract class OrganisationMail {
  /**
   * Queues a mail to each, as {@link Mailer.send} does, in the reader's language and as far as they want such mail; to a hundred at most. The transaction
   * must be a system one.
   */
  abstract send<K extends OrganisationMessage>(
    tx: Tx,
    kind: K,
    to: OrganisationReaders,
    values: Omit<ValuesOf<K>, 'organisation'>,
  ): Promise<void>;
}

/** Tells people and organisations inside the product, and programs by webhook. Also the injection token. */
export abstract class Notices {
  /** A notice an account reads when it signs in. Texts are at most 200 characters. */
  abstract tellAccount(tx: Tx, accountId: AccountId, kind: MessageKind, values: MessageValues): Promise<void>;
  /** A notice the organisation's owners and admins read, and a webhook event (`<kind with dots>`) to its endpoints. Values hold ids and enums only. */
  abstract tellOrganisation(tx: Tx, organisationId: OrganisationId, kind: MessageKind, values: MessageValues): Promise<void>;
}
