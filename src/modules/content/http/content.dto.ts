import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsBoolean, IsIn, Matches } from 'class-validator';
import type { CallId, OrganisationId, TroubleshootingGrantId } from '../../../kernel/ids.js';
import { IfGiven, IsId, IsWholeNumber } from '../../../platform/http/field-rules.js';
import { CONTENT_STORES, type ContentStore } from '../content.contract.js';
import { GRANT_REASONS, GRANT_SCOPES, type GrantReason, type GrantScope, LONGEST_GRANT_HOURS, TICKET } from '../core/grants/grant-rules.js';
import { READING_PURPOSES, type ReadingPurpose } from '../core/reading/reading-purposes.js';

/** What content is read for. */
export class ReadContentQuery {
  /** Closed list (C7); written into the audit log. */
  @ApiProperty({ enum: READING_PURPOSES })
  @IsIn(READING_PURPOSES)
  purpose: ReadingPurpose;
}

/** One direction of a call. */
export class ContentPartDto {
  /** How `body` is written: as it is, or in base64 where it is no well-formed UTF-8. */
  @ApiProperty({ enum: ['utf8', 'base64'] })
  encoding: 'utf8' | 'base64';

  @ApiProperty({ type: 'string' })
  body: string;

  /** Bytes that are kept. */
  @ApiProperty({ type: 'integer' })
  bytes: number;

  /** Whether more was said than is kept. */
  @ApiProperty({ type: 'boolean' })
  cut: boolean;
}

/** What was kept of a call. */
export class CallContentDto {
  @ApiProperty({ type: 'string', format: 'uuid' })
  callId: CallId;

  @ApiProperty({ type: 'string', format: 'uuid' })
  organisationId: OrganisationId;

  /** By plan (`payload`), because the call failed (`failed_input`), or under a troubleshooting grant (`granted`). */
  @ApiProperty({ enum: CONTENT_STORES })
  store: ContentStore;

  /** The troubleshooting grant it was kept under. */
  @ApiProperty({ type: 'string', format: 'uuid', nullable: true })
  grantId: string | null;

  @ApiProperty({ type: 'string', format: 'date-time' })
  writtenAt: Date;

  /** The last UTC day it is kept on. */
  @ApiProperty({ type: 'string', format: 'date' })
  expiresOn: string;

  /** The version of the content key it is sealed under. */
  @ApiProperty({ type: 'integer' })
  keyVersion: number;

  /** Whether secrets were taken out before it was kept. */
  @ApiProperty({ type: 'boolean' })
  redacted: boolean;

  /** The body the client sent. */
  @ApiProperty({ type: ContentPartDto })
  request: ContentPartDto;

  /** The body the client was given: a JSON document, or the stream's events. Null when only the input is kept. */
  @ApiProperty({ type: ContentPartDto, nullable: true })
  answer: ContentPartDto | null;
}

/** What an organisation wants kept; at least one field. */
export class ChangeContentSettingDto {
  /** Whether input and output of successful calls are kept. */
  @ApiPropertyOptional({ type: 'boolean' })
  @IfGiven()
  @IsBoolean()
  payloads?: boolean;

  /** Of a thousand successful calls, how many are kept. */
  @ApiPropertyOptional({ type: 'integer', minimum: 0, maximum: 1000 })
  @IfGiven()
  @IsWholeNumber({ min: 0, max: 1000 })
  samplePerMille?: number;

  /** Whether the input of failed calls is kept. */
  @ApiPropertyOptional({ type: 'boolean' })
  @IfGiven()
  @IsBoolean()
  failedInputs?: boolean;
}

/** What an organisation wants kept, and what follows from it under its profile and plan. */
export class ContentSettingDto {
  @ApiProperty({ type: 'boolean' })
  payloads: boolean;

  @ApiProperty({ type: 'integer' })
  samplePerMille: number;

  @ApiProperty({ type: 'boolean' })
  failedInputs: boolean;

  /** Days that payloads written now are kept; 0: they are not. */
  @ApiProperty({ type: 'integer' })
  payloadDays: number;

  /** Days that inputs of failed calls written now are kept; 0: they are not. */
  @ApiProperty({ type: 'integer' })
  failedInputDays: number;

  /** What is done to the input of a failed call before it is kept. */
  @ApiProperty({ enum: ['redacted', 'as_payload'] })
  failedInputsAre: 'redacted' | 'as_payload';

  /** Days that what is kept under a troubleshooting grant lives; 0: there are no grants. */
  @ApiProperty({ type: 'integer' })
  grantDays: number;
}

/** A troubleshooting grant to open. */
export class OpenGrantDto {
  @ApiProperty({ enum: GRANT_SCOPES })
  @IsIn(GRANT_SCOPES)
  scope: GrantScope;

  /** The organisation's, the project's or the key's id. */
  @ApiProperty({ type: 'string', format: 'uuid' })
  @IsId()
  scopeId: string;

  @ApiProperty({ enum: GRANT_REASONS })
  @IsIn(GRANT_REASONS)
  reason: GrantReason;

  /** A number in a ticket system: letters, digits and `._/#-`. */
  @ApiPropertyOptional({ type: 'string', maxLength: 40, example: 'SUP-1042' })
  @IfGiven()
  @Matches(TICKET, { message: 'ticket must be 1 to 40 letters, digits and ._/#-, beginning with a letter or digit' })
  ticket?: string;

  /** Whole hours until it closes itself. A profile may allow fewer. */
  @ApiProperty({ type: 'integer', minimum: 1, maximum: LONGEST_GRANT_HOURS })
  @IsWholeNumber({ min: 1, max: LONGEST_GRANT_HOURS })
  hours: number;
}

/** A customer's leave to keep payloads for a while. */
export class TroubleshootingGrantDto {
  @ApiProperty({ type: 'string', format: 'uuid' })
  id: TroubleshootingGrantId;

  @ApiProperty({ type: 'string', format: 'uuid' })
  organisationId: OrganisationId;

  @ApiProperty({ enum: GRANT_SCOPES })
  scope: GrantScope;

  @ApiProperty({ type: 'string', format: 'uuid' })
  scopeId: string;

  @ApiProperty({ enum: GRANT_REASONS })
  reason: GrantReason;

  @ApiProperty({ type: 'string', nullable: true })
  ticket: string | null;

  @ApiProperty({ type: 'string', format: 'date-time' })
  openedAt: Date;

  @ApiProperty({ type: 'string', format: 'date-time' })
  endsAt: Date;

  /** When it was closed early, or its end was written down. It lets nothing be kept after `endsAt` in any case. */
  @ApiProperty({ type: 'string', format: 'date-time', nullable: true })
  closedAt: Date | null;
}

/** One version of an organisation's content key. Never the key. */
export class ContentKeyDto {
  @ApiProperty({ type: 'integer' })
  version: number;

  @ApiProperty({ type: 'string', format: 'date-time' })
  createdAt: Date;

  /** Since when a newer version is in use. */
  @ApiProperty({ type: 'string', format: 'date-time', nullable: true })
  retiredAt: Date | null;

  @ApiProperty({ type: 'string', format: 'date-time', nullable: true })
  destroyedAt: Date | null;
}

/** The content keys of an organisation, newest first. */
export class ContentKeysDto {
  @ApiProperty({ type: [ContentKeyDto] })
  data: ContentKeyDto[];
}
