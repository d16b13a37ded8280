import { Injectable } from '@nestjs/common';
import { SweptTables, type TableSweep } from '../../../contracts/swept-store.js';
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

  override async sweep({ removing }: TableSweep): Promise<void> {
    const { outgoing_mail: count = 0 } = await removing(async (tx) => ({ outgoing_mail: await this.send.removeOld(tx) }));
    this.send.reportGivenUp(count);
    await removing(async (tx) => ({ suppressed_address: await this.events.forgetOldSuppressions(tx) }));
  }
}
