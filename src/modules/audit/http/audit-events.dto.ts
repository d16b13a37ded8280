import { ApiPropertyOptional } from '@nestjs/swagger';
import { IsOptional, Matches } from 'class-validator';
import { IsCleanText } from '../../../platform/http/field-rules.js';
import { PageQuery } from '../../../platform/http/pagination.js';
import type { AuditEventEntity } from '../data/audit-event.entity.js';

/** Which audit events to list. */
export class AuditEventsQuery extends PageQuery {
  /** Only this action, such as `api_key.revoked`. */
  @ApiPropertyOptional({ type: 'string', example: 'api_key.revoked' })
  @IsOptional()
  @Matches(/^[a-z_]{1,60}\.[a-z_]{1,60}$/, { message: 'must be an action such as "api_key.revoked"' })
  action?: string;

  /** Only events about this kind of thing, such as `api_key`. */
  @ApiPropertyOptional({ type: 'string', example: 'api_key' })
  @IsOptional()
  @Matches(/^[a-z_]{1,60}$/, { message: 'must be a kind of thing such as "api_key"' })
  targetType?: string;

  /** Only events about the thing with this id. */
  @ApiPropertyOptional({ type: 'string' })
  @IsOptional()
  @IsCleanText({ min: 1, max: 200 })
  targetId?: string;
}

/** One thing that happened. */
export class AuditEventDto {
  /** @example "019aa7a4-9f2c-7a51-8a3e-6f1f0d5a1b2c" */
  id: string;

  /** When it happened, RFC 3339. */
  occurredAt: string;

  /** The organisation it happened in; null for the installation itself. */
  organisationId: string | null;

  /** Who did it: `operator`, `service_key`, or `system` for Lethe itself. */
  actorKind: string;

  actorId: string;

  /** What happened, such as `api_key.revoked`. */
  action: string;

  targetType: string;

  targetId: string;

  /** Ids, numbers and names of changed fields. */
  detail: Record<string, unknown>;

  static of(this: void, event: AuditEventEntity): AuditEventDto {
    return {
      id: event.id,
      occurredAt: event.occurredAt.toISOString(),
      organisationId: event.organisationId,
      actorKind: event.actorKind,
      actorId: event.actorId,
      action: event.action,
      targetType: event.targetType,
      targetId: event.targetId,
      detail: event.detail,
    };
  }
}
