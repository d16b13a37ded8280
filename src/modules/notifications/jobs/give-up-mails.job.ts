import { Injectable } from '@nestjs/common';
import { SweptTables } from '../../../contracts/swept-store.js';
import { RecordDeliveryEvents } from '../core/record-delivery-events.js';
import { SendMail } from '../core/send-mail.js';

/** Forgets mails that could not be sent for a day, so that no address lies about longer, and addresses suppressed long ago. */
@Injectable()
export class GiveUpMailsJob extends SweptTables {
  constructor(
    private readonly send: SendMail,
    private readonly events: RecordDeliveryEvents,
  ) {
    super();
  }

  override async sweep(): Promise<Readonly<Record<string, number>>> {
    return { outgoing_mail: await this.send.giveUpOld(), suppressed_address: await this.events.forgetOldSuppressions() };
  }
}
