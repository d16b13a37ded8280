import { Injectable } from '@nestjs/common';
import { MailTransport, type OutgoingMail } from '../../../platform/mail/mail-transport.js';
import type { OutgoingMailRow } from '../data/outgoing-mail.entity.js';
import { categoryOf } from './categories.js';
import type { MailContent } from './mail-queue.js';
import { renderMessage } from './render-message.js';
import { UnsubscribeLinks } from './unsubscribe-links.js';

/** Makes of a queued mail what its recipient reads. */
@Injectable()
export class ComposeMail {
  constructor(
    private readonly transport: MailTransport,
    private readonly links: UnsubscribeLinks,
  ) {}

  run({ id, kind }: Pick<OutgoingMailRow, 'id' | 'kind'>, { accountId, email, locale, values }: MailContent): OutgoingMail {
    const category = categoryOf(kind);
    const unsubscribeUrl = accountId === null || category === 'security' ? null : this.links.linkFor(accountId, category);
    const message = renderMessage(kind, locale, values, { service: this.transport.senderName, unsubscribeUrl });
    const headers: Record<string, string> =
      unsubscribeUrl === null ? {} : { 'List-Unsubscribe': `<${unsubscribeUrl}>`, 'List-Unsubscribe-Post': 'List-Unsubscribe=One-Click' };
    return { id, to: email, ...message, headers };
  }
}
