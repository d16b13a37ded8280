import { Injectable } from '@nestjs/common';
import { Mailer } from '../../../notifications/notifications.contract.js';
import { MailBrake } from '../throttle/mail-brake.js';
import { MailedLinks } from './mailed-links.js';

/** What it takes to mail a link: the links, the mail, and the brake that keeps both from flooding anybody. */
@Injectable()
export class LinkPost {
  constructor(
    readonly links: MailedLinks,
    readonly mailer: Mailer,
    readonly brake: MailBrake,
  ) {}
}
