import { Injectable } from '@nestjs/common';
import { Clock } from '../../../kernel/clock.js';
import { AppError } from '../../../kernel/errors.js';
import { type Tx, UnitOfWork } from '../../../platform/database/unit-of-work.js';
import { MailTransport } from '../../../platform/mail/mail-transport.js';
import { Log } from '../../../platform/telemetry/logger.js';
import { type MailOutcome, Metrics } from '../../../platform/telemetry/metrics.js';
import type { MailId, OutgoingMailRow } from '../data/outgoing-mail.entity.js';
import { ComposeMail } from './compose-mail.js';
import { MailPermission } from './mail-permission.js';
import { MailQueue } from './mail-queue.js';

/** After this long a mail is of no use any more: links have expired, and news are old. */
const GIVE_UP_MS = 24 * 3_600_000;
/** No try may last longer than its row is kept: what is swept is surely not on its way. */
const SWEEP_MS = GIVE_UP_MS + 3_600_000;

/** How a mail is put together and handed over, and whether it may be. */
@Injectable()
export class MailPost {
  constructor(
    readonly permission: MailPermission,
    readonly compose: ComposeMail,
    readonly transport: MailTransport,
  ) {}
}

/** Where the process says what became of it. */
@Injectable()
export class MailReport {
  constructor(
    readonly clock: Clock,
    readonly log: Log,
    readonly metrics: Metrics,
  ) {}
}

/**
 * Hands one queued mail to the mail server and forgets it. At least once: a process that dies after the server has taken it sends it again,
 * with the same Message-ID.
 */
@Injectable()
export class SendMail {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly queue: MailQueue,
    private readonly post: MailPost,
    private readonly report: MailReport,
  ) {}

  /** Raises `mail/not_accepted`, `kms/*` and the like when another try may do better. A mail that is gone has been sent or given up. */
  async run(id: MailId, signal: AbortSignal): Promise<void> {
    const mail = await this.unitOfWork.asSystem((tx) => this.queue.find(tx, id));
    if (mail === null) return;
    if (this.report.clock.nowMs() - mail.createdAt.getTime() > GIVE_UP_MS) return this.finish(mail, 'given_up');
    const content = await this.queue.open(mail);
    const allowed = await this.unitOfWork.asSystem((tx) => this.post.permission.check(tx, mail.kind, content));
    if (!allowed) return this.finish(mail, 'suppressed');
    try {
      await this.post.transport.send(this.post.compose.run(mail, content), signal);
    } catch (error) {
      if (!(error instanceof AppError) || error.code !== 'mail/refused') throw error;
      this.report.log.warn('the mail server refused a mail for good', { component: 'mail', mailId: id, err: error });
      return this.finish(mail, 'refused');
    }
    await this.finish(mail, 'sent');
  }

  /** Forgets mails whose every try failed and answers how many, for {@link reportGivenUp} once that has committed. */
  removeOld(tx: Tx): Promise<number> {
    return this.queue.removeOlder(tx, new Date(this.report.clock.nowMs() - SWEEP_MS));
  }

  reportGivenUp(count: number): void {
    const { log, metrics } = this.report;
    for (let given = 0; given < count; given += 1) metrics.mailFinished('given_up');
    if (count > 0) log.error('mails were given up: no try succeeded for a day', { component: 'mail', count });
  }

  private async finish({ id }: OutgoingMailRow, outcome: MailOutcome): Promise<void> {
    await this.unitOfWork.asSystem((tx) => this.queue.remove(tx, id));
    this.report.metrics.mailFinished(outcome);
  }
}
