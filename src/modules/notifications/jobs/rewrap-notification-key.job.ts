import { Injectable } from '@nestjs/common';
import { RecurringJob } from '../../../contracts/recurring-job.js';
import { NotificationKeys } from '../core/notification-keys.js';

/** Follows a rotation of the root key by itself (K3). */
@Injectable()
export class RewrapNotificationKeyJob extends RecurringJob {
  override readonly name = 'notifications.rewrap-key';
  override readonly everySeconds = 900;

  constructor(private readonly keys: NotificationKeys) {
    super();
  }

  override async run(): Promise<void> {
    await this.keys.rewrap();
  }
}
