import { Injectable } from '@nestjs/common';
import { RetentionWindows } from '../../../contracts/retention-windows.js';
import { Clock, DAY_MS, utcDayAfter } from '../../../kernel/clock.js';
import { type Tx, UnitOfWork } from '../../../platform/database/unit-of-work.js';
import { MailDeliveryEventsRepository } from '../data/mail-delivery-events.repository.js';
import { SuppressedAddressesRepository } from '../data/suppressed-addresses.repository.js';
import { AddressHash } from './address-hash.js';
import type { DeliveryEvent } from './sendgrid-events.js';

/** Events are told again for at most a day. Older or later ones are filed at these ends, for whose days there are partitions. */
const OLDEST_DAYS = 2;
const LATEST_DAYS = 1;
/** After this long an address gets another chance: mailboxes come back, and names change hands. */
const SUPPRESSED_DAYS = 180;

/** Where events and what follows from them are kept. */
@Injectable()
export class DeliveryEventBooks {
  constructor(
    readonly unitOfWork: UnitOfWork,
    readonly events: MailDeliveryEventsRepository,
    readonly suppressed: SuppressedAddressesRepository,
  ) {}
}

/** Writes down what became of mails, and which addresses get none any more. */
@Injectable()
export class RecordDeliveryEvents {
  constructor(
    private readonly books: DeliveryEventBooks,
    private readonly addresses: AddressHash,
    private readonly clock: Clock,
    private readonly windows: RetentionWindows,
  ) {}

  /** Told twice is told once. Raises `notifications/key_not_ready`; the service tells them again then. */
  async run(events: readonly DeliveryEvent[]): Promise<void> {
    const now = this.clock.now();
    await this.books.unitOfWork.asSystem(async (tx) => {
      for (const { suppress, occurredAtMs, ...event } of events) {
        const atMs = Math.min(Math.max(occurredAtMs, now.getTime() - OLDEST_DAYS * DAY_MS), now.getTime() + LATEST_DAYS * DAY_MS);
        const expiresOn = utcDayAfter(atMs, this.windows.days('delivery_event', null));
        const isNew = await this.books.events.add(tx, { ...event, expiresOn, occurredAt: new Date(atMs) });
        if (!isNew || suppress === null) continue;
        await this.books.suppressed.put(tx, { addressHash: this.addresses.of(suppress.email), reason: suppress.reason, since: now });
      }
    });
  }

  /** Forgets addresses that were suppressed long ago. */
  forgetOldSuppressions(tx: Tx): Promise<number> {
    return this.books.suppressed.removeOlder(tx, new Date(this.clock.nowMs() - SUPPRESSED_DAYS * DAY_MS));
  }
}
