import type { KeyObject } from 'node:crypto';
import { Controller, HttpCode, Post, Req } from '@nestjs/common';
import { ApiBody, ApiNoContentResponse, ApiTags } from '@nestjs/swagger';
import type { FastifyRequest } from 'fastify';
import { Clock } from '../../../kernel/clock.js';
import { kernelErrors } from '../../../kernel/errors.js';
import { Settings } from '../../../platform/config/settings.js';
import { ApiProblem, Public } from '../../../platform/http/access.js';
import { RateLimited } from '../../../platform/http/rate-limit.guard.js';
import { KeepsRawBody, rawBodyOf } from '../../../platform/http/route-body.js';
import { RecordDeliveryEvents } from '../core/record-delivery-events.js';
import { readSendgridEvents } from '../core/sendgrid-events.js';
import { isSignedBySendgrid, sendgridKey } from '../core/sendgrid-signature.js';
import { notificationsErrors } from '../notifications.errors.js';

const PER_MINUTE = 600;
const SIGNATURE = 'x-twilio-email-event-webhook-signature';
const TIMESTAMP = 'x-twilio-email-event-webhook-timestamp';

/** Takes what delivery services tell about mails. There is no such route while no key is configured. */
@ApiTags('Notifications')
@Controller('api/v1/mail-events')
export class MailEventsController {
  private readonly key: KeyObject | null;

  constructor(
    private readonly record: RecordDeliveryEvents,
    private readonly clock: Clock,
    settings: Settings,
  ) {
    this.key = settings.sendgridEventKey === undefined ? null : sendgridKey(settings.sendgridEventKey);
  }

  /** Take events of SendGrid's Event Webhook, whose signature stands for a sign-in. */
  @Post('sendgrid')
  @HttpCode(204)
  @Public()
  @KeepsRawBody()
  @RateLimited(PER_MINUTE)
  @ApiBody({ description: 'A batch of events, signed as a whole.', schema: { type: 'array', items: { type: 'object' } } })
  @ApiNoContentResponse()
  @ApiProblem(401, 'The signature does not match, or is too old (`notifications/signature_invalid`).')
  @ApiProblem(404, 'No key is configured (`lethe/not_found`).')
  async sendgrid(@Req() request: FastifyRequest): Promise<void> {
    if (this.key === null) throw kernelErrors.not_found();
    const signed = {
      timestamp: single(request.headers[TIMESTAMP]),
      signature: single(request.headers[SIGNATURE]),
      body: rawBodyOf(request),
    };
    if (!isSignedBySendgrid(this.key, signed, this.clock.nowMs())) throw notificationsErrors.signature_invalid();
    await this.record.run(readSendgridEvents(request.body));
  }
}

function single(header: string | string[] | undefined): string | undefined {
  return typeof header === 'string' ? header : undefined;
}
