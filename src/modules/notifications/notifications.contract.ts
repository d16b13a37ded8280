import type { AccountId, OrganisationId } from '../../kernel/ids.js';
import type { Tx } from '../../platform/database/unit-of-work.js';

/** Every mail and notice Lethe sends; each has a template per language in `notifications/templates`. */
export type MessageKind =
  | 'sign_in_link'
  | 'confirm_email'
  | 'email_change_requested'
  | 'email_change_confirm'
  | 'email_changed'
  | 'account_recovery'
  | 'password_changed'
  | 'second_factor_changed'
  | 'new_sign_in'
  | 'invitation'
  | 'role_changed'
  | 'member_removed'
  | 'ownership_transferred'
  | 'break_glass_opened'
  | 'key_blocked'
  | 'account_blocked'
  | 'account_released';

/** Values a template shows. Links are absolute; names are shown as text, never as markup. */
export type MessageValues = Readonly<Record<string, string | number>>;

/** Who a message is for: an account, or an address that has no account yet. */
export type Recipient =
  | { readonly accountId: AccountId; readonly email: string; readonly locale: string }
  | { readonly accountId: null; readonly email: string; readonly locale: string };

/** Sends mail. Also the injection token. */
export abstract class Mailer {
  /**
   * Queues a mail that leaves after the caller's transaction has committed, and never if it has not. Until then address and values lie encrypted; the queue
   * carries an id only. Security messages are sent whatever the recipient prefers.
   */
  abstract send(tx: Tx, kind: MessageKind, to: Recipient, values: MessageValues): Promise<void>;
}

/** Tells people and organisations inside the product, and programs by webhook. Also the injection token. */
export abstract class Notices {
  /** A notice an account reads when it signs in. */
  abstract tellAccount(tx: Tx, accountId: AccountId, kind: MessageKind, values: MessageValues): Promise<void>;
  /** A notice the organisation's owners and admins read, and a webhook event (`<kind with dots>`) to its endpoints. Values hold ids and enums only. */
  abstract tellOrganisation(tx: Tx, organisationId: OrganisationId, kind: MessageKind, values: MessageValues): Promise<void>;
}
