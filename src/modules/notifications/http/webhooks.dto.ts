import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { ArrayMaxSize, IsArray, IsIn, IsOptional } from 'class-validator';
import type { OrganisationId } from '../../../kernel/ids.js';
import { IsCleanText, IsWholeNumber } from '../../../platform/http/field-rules.js';
import { WEBHOOK_EVENT_TYPES } from '../core/webhooks/webhook-event-types.js';
import type { DeliveryView, WebhookView, WebhookWithSecret } from '../core/webhooks/webhook-view.js';
import type { DeliveryId, DeliveryState } from '../data/webhook-delivery.entity.js';
import type { WebhookId, WebhookStatus } from '../data/webhook-endpoint.entity.js';
import type { WebhookEventId } from '../data/webhook-event.entity.js';

const STATUSES = ['active', 'disabled'] as const;
const STATES = ['waiting', 'delivered', 'given_up'] as const;
const LONGEST_OVERLAP_HOURS = 168;
const DEFAULT_OVERLAP_HOURS = 24;

/** An endpoint to make. */
export class CreateWebhookDto {
  /** Where deliveries are posted: https, without credentials, query and fragment. It may not lie in a private network. */
  @ApiProperty({ type: 'string', format: 'uri', maxLength: 2000, example: 'https://hooks.example.com/lethe' })
  @IsCleanText({ min: 1, max: 2000 })
  url: string;

  /** For people. */
  @ApiPropertyOptional({ type: 'string', maxLength: 200, default: '' })
  @IsCleanText({ min: 0, max: 200 })
  description = '';

  /** What it is told of. Empty: everything there is, also what comes to be later. */
  @ApiPropertyOptional({ enum: WEBHOOK_EVENT_TYPES, isArray: true, default: [] })
  @IsArray()
  @ArrayMaxSize(50)
  @IsIn(WEBHOOK_EVENT_TYPES, { each: true })
  eventTypes: string[] = [];
}

/** What to change about an endpoint; at least one of these. */
export class ChangeWebhookDto {
  @ApiPropertyOptional({ type: 'string', format: 'uri', maxLength: 2000 })
  @IsOptional()
  @IsCleanText({ min: 1, max: 2000 })
  url?: string;

  /** For people. */
  @ApiPropertyOptional({ type: 'string', maxLength: 200 })
  @IsOptional()
  @IsCleanText({ min: 0, max: 200 })
  description?: string;

  /** What it is told of. Empty: everything there is. */
  @ApiPropertyOptional({ enum: WEBHOOK_EVENT_TYPES, isArray: true })
  @IsOptional()
  @IsArray()
  @ArrayMaxSize(50)
  @IsIn(WEBHOOK_EVENT_TYPES, { each: true })
  eventTypes?: string[];

  /** A disabled endpoint is told nothing; what happens meanwhile is not kept for it. */
  @ApiPropertyOptional({ enum: STATUSES })
  @IsOptional()
  @IsIn(STATUSES)
  status?: WebhookStatus;
}

/** How a secret is replaced. */
export class RotateWebhookSecretDto {
  /** For how long deliveries are signed with the old secret too. 0: it signs nothing more. */
  @ApiPropertyOptional({ type: 'integer', minimum: 0, maximum: LONGEST_OVERLAP_HOURS, default: DEFAULT_OVERLAP_HOURS })
  @IsWholeNumber({ min: 0, max: LONGEST_OVERLAP_HOURS })
  overlapHours: number = DEFAULT_OVERLAP_HOURS;
}

/** An endpoint, without its secret. */
export class WebhookDto implements WebhookView {
  @ApiProperty({ type: 'string', format: 'uuid' })
  id: WebhookId;

  @ApiProperty({ type: 'string', format: 'uuid' })
  organisationId: OrganisationId;

  @ApiProperty({ type: 'string', format: 'uri' })
  url: string;

  @ApiProperty({ type: 'string' })
  description: string;

  /** Empty: everything. */
  @ApiProperty({ type: [String] })
  eventTypes: string[];

  /** Lethe disables an endpoint that has taken nothing for a day, or answers 410. */
  @ApiProperty({ enum: STATUSES })
  status: WebhookStatus;

  /** Counts the secrets this endpoint has had. */
  @ApiProperty({ type: 'integer' })
  secretVersion: number;

  /** Until when deliveries are signed with the secret before this one too; null: with one alone. */
  @ApiProperty({ type: 'string', format: 'date-time', nullable: true })
  previousExpiresAt: Date | null;

  /** Since when it takes nothing; null while it does. */
  @ApiProperty({ type: 'string', format: 'date-time', nullable: true })
  failingSince: Date | null;

  @ApiProperty({ type: 'string', format: 'date-time' })
  createdAt: Date;

  @ApiProperty({ type: 'string', format: 'date-time' })
  updatedAt: Date;
}

/** An endpoint with its new secret, which is shown this once. */
export class WebhookWithSecretDto extends WebhookDto implements WebhookWithSecret {
  /** For verifying signatures, as Standard Webhooks describes. */
  @ApiProperty({ type: 'string', format: 'password', example: 'whsec_…' })
  secret: string;
}

/** One event on its way to one endpoint. */
export class WebhookDeliveryDto implements DeliveryView {
  @ApiProperty({ type: 'string', format: 'uuid' })
  id: DeliveryId;

  /** `webhook-id` is `msg_` and this. */
  @ApiProperty({ type: 'string', format: 'uuid' })
  eventId: WebhookEventId;

  @ApiProperty({ type: 'string', example: 'key.blocked' })
  eventType: string;

  @ApiProperty({ enum: STATES })
  state: DeliveryState;

  @ApiProperty({ type: 'integer' })
  attempts: number;

  /** Of the last attempt; null without one, or when there was no answer. */
  @ApiProperty({ type: 'integer', nullable: true })
  httpStatus: number | null;

  /** Why there was no answer: `timeout`, `not_reached`, `tls_failed`, `address_not_allowed`; or `webhook_disabled`, `webhook_deleted`. */
  @ApiProperty({ type: 'string', nullable: true })
  failure: string | null;

  /** Null when there is no next one. */
  @ApiProperty({ type: 'string', format: 'date-time', nullable: true })
  nextAttemptAt: Date | null;

  @ApiProperty({ type: 'string', format: 'date-time' })
  createdAt: Date;

  @ApiProperty({ type: 'string', format: 'date-time', nullable: true })
  attemptedAt: Date | null;
}
