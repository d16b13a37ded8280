import { Injectable } from '@nestjs/common';
import { Outbox } from '../../../contracts/outbox.js';
import { Clock } from '../../../kernel/clock.js';
import { type AccountId, newId } from '../../../kernel/ids.js';
import type { Tx } from '../../../platform/database/unit-of-work.js';
import type { MailId, OutgoingMailRow } from '../data/outgoing-mail.entity.js';
import { OutgoingMailRepository } from '../data/outgoing-mail.repository.js';
import type { MessageKind, MessageValues, Recipient } from '../notifications.contract.js';
import { NotificationKeys } from './notification-keys.js';

export const SEND_MAIL_TOPIC = 'notifications.send-mail';

/** What lies sealed in a queued mail. */
export interface MailContent {
  readonly accountId: AccountId | null;
  readonly email: string;
  readonly locale: string;
  readonly values: MessageValues;
}

/** Mails that wait: sealed rows of the transactions they tell of, each with an event that carries its id and nothing else. */
@Injectable()
export class MailQueue {
  constructor(
    private readonly mails: OutgoingMailRepository,
    private readonly outbox: Outbox,
    private readonly keys: NotificationKeys,
    private readonly clock: Clock,
  ) {}

  /** Raises `notifications/key_not_ready`. */
  async add(tx: Tx, kind: MessageKind, to: Recipient, values: MessageValues): Promise<void> {
    const id = newId<MailId>();
    const content: MailContent = { accountId: to.accountId, email: to.email, locale: to.locale, values };
    const sealed = this.keys.seal('mail', id, JSON.stringify(content));
    await this.mails.add(tx, { id, kind, sealed, createdAt: this.clock.now() });
    await this.outbox.publish(tx, { topic: SEND_MAIL_TOPIC, payload: { mailId: id } });
  }

  find(tx: Tx, id: MailId): Promise<OutgoingMailRow | null> {
    return this.mails.find(tx, id);
  }

  /** Call it outside any transaction: it may have to ask for the key. Raises `kms/*`. */
  async open({ id, sealed }: OutgoingMailRow): Promise<MailContent> {
    await this.keys.ready();
    return JSON.parse(this.keys.unseal('mail', id, sealed)) as MailContent;
  }

  async remove(tx: Tx, id: MailId): Promise<void> {
    await this.mails.remove(tx, id);
  }

  /** Removes what has waited since before that moment; answers how many. */
  removeOlder(tx: Tx, before: Date): Promise<number> {
    return this.mails.removeOlder(tx, before);
  }
}
