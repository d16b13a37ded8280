import { Injectable } from '@nestjs/common';
import { assert } from '../../../kernel/assert.js';
import { AppError } from '../../../kernel/errors.js';
import type { Tx } from '../../../platform/database/unit-of-work.js';
import { mailErrors } from '../../../platform/mail/mail.errors.js';
import { isMailAddress } from '../../../platform/mail/mail-address.js';
import { MailTransport } from '../../../platform/mail/mail-transport.js';
import { Metrics } from '../../../platform/telemetry/metrics.js';
import { Mailer, type MessageKind, type Recipient, type ValuesOf } from '../notifications.contract.js';
import { carriesAStep } from './categories.js';
import { MailQueue } from './mail-queue.js';
import { NotificationKeys } from './notification-keys.js';
import { valuesProblem } from './render-message.js';

/** Checks a mail while whoever sends it can still hear that it is wrong, and queues it. */
@Injectable()
export class QueuedMailer extends Mailer {
  constructor(
    private readonly queue: MailQueue,
    private readonly transport: MailTransport,
    private readonly keys: NotificationKeys,
    private readonly metrics: Metrics,
  ) {
    super();
  }

  override get isConfigured(): boolean {
    return this.transport.isConfigured;
  }

  override ready(): Promise<void> {
    return this.keys.ready();
  }

  override async send<K extends MessageKind>(tx: Tx, kind: K, to: Recipient, values: ValuesOf<K>): Promise<void> {
    const problem = valuesProblem(kind, values);
    assert(problem === undefined, problem ?? '');
    if (!isMailAddress(to.email)) throw mailErrors.invalid_address();
    try {
      if (!this.transport.isConfigured) throw mailErrors.not_configured();
      await this.queue.add(tx, kind, to, values);
    } catch (error) {
      // A mail that only tells of a change must not make it fail. What the database refuses has failed it already.
      if (carriesAStep(kind) || !(error instanceof AppError)) throw error;
      this.metrics.mailFinished('left_out');
    }
  }
}
