import { Injectable } from '@nestjs/common';
import { RecurringJob } from '../../../contracts/recurring-job.js';
import { RecordDeliveryEvents } from '../core/record-delivery-events.js';
import { SendMail } from '../core/send-mail.js';

/** Forgets mails that could not be sent for a day, so that no address lies about longer, and addresses suppressed long ago. */
@Injectable()
export class GiveUpMailsJob extends RecurringJob {
  override readonly name = 'notifications.give-up-mails';
  override readonly everySeconds = 600;

  constructor(
    private readonly send: SendMail,
    private readonly events: RecordDeliveryEvents,
  ) {
    super();
  }

  override async run(): Promise<void> {
    await this.send.giveUpOld();
    await this.events.forgetOldSuppressions();
  }
}
