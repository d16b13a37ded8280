import { Injectable } from '@nestjs/common';
import { OutboxHandler, type OutboxEvent } from '../../../contracts/outbox.js';
import { assert } from '../../../kernel/assert.js';
import { isId } from '../../../kernel/ids.js';
import { SEND_MAIL_TOPIC } from '../core/mail-queue.js';
import { SendMail } from '../core/send-mail.js';
import type { MailId } from '../data/outgoing-mail.entity.js';

/** Sends the mail an event names; the queue tries again, ever later, for about a day. */
@Injectable()
export class SendMailJob extends OutboxHandler {
  override readonly topic = SEND_MAIL_TOPIC;

  constructor(private readonly send: SendMail) {
    super();
  }

  override async handle({ mailId }: OutboxEvent['payload'], signal: AbortSignal): Promise<void> {
    assert(isId(mailId), 'a mail to send has an id');
    await this.send.run(mailId as MailId, signal);
  }
}
