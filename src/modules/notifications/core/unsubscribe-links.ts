import { timingSafeEqual } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { type AccountId, isId } from '../../../kernel/ids.js';
import { publicUrl } from '../../../platform/config/public-url.js';
import { Settings } from '../../../platform/config/settings.js';
import { notificationsErrors } from '../notifications.errors.js';
import { type MessageCategory, OPTIONAL_CATEGORIES } from './categories.js';
import { NotificationKeys } from './notification-keys.js';

/** What can be ended by a link in a mail. */
export type EndableCategory = Exclude<MessageCategory, 'security'>;

const ENDABLE: readonly string[] = ['marketing', ...OPTIONAL_CATEGORIES];
const TOKEN = /^([0-9a-f-]{36})\.([a-z]{1,20})\.([A-Za-z0-9_-]{43})$/;

/**
 * The link that ends mails of a kind with one click and without signing in (RFC 8058). It proves by its signature that Lethe wrote it, names
 * an account by its id alone, and does nothing else; it never expires, since an old mail must be as easy to end as a new one.
 */
@Injectable()
export class UnsubscribeLinks {
  constructor(
    private readonly keys: NotificationKeys,
    private readonly settings: Settings,
  ) {}

  linkFor(accountId: AccountId, category: EndableCategory): string {
    const named = `${accountId}.${category}`;
    return `${publicUrl(this.settings)}/api/v1/unsubscribe/${named}.${this.signature(named).toString('base64url')}`;
  }

  /** Whose mails of which kind end. Raises `notifications/unsubscribe_link_invalid`. */
  read(token: string): { readonly accountId: AccountId; readonly category: EndableCategory } {
    const [, accountId, category, signature] = TOKEN.exec(token) ?? [];
    if (accountId === undefined || category === undefined || signature === undefined) throw notificationsErrors.unsubscribe_link_invalid();
    const isGenuine = timingSafeEqual(Buffer.from(signature, 'base64url'), this.signature(`${accountId}.${category}`));
    if (!isGenuine || !isId(accountId) || !ENDABLE.includes(category)) throw notificationsErrors.unsubscribe_link_invalid();
    return { accountId: accountId as AccountId, category: category as EndableCategory };
  }

  private signature(named: string): Buffer {
    return this.keys.mac('unsubscribe', named);
  }
}
