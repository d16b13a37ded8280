import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { ArrayMaxSize, ArrayMinSize, IsArray, IsIn, IsOptional } from 'class-validator';
import { KEY_ANOMALIES } from '../../../contracts/key-anomaly.js';
import { IfGiven, IsCleanText, IsId, IsInstant } from '../../../platform/http/field-rules.js';
import { OptionalTexts } from '../../../platform/http/optional-fields.js';
import { SERVICE_KEY_SCOPES, type ServiceKeyScope } from '../../../platform/http/permissions.js';
import type { ApiKeySummary, BlockReason } from '../auth.contract.js';

const MAX_NETWORKS = 50;
const BLOCK_REASONS: BlockReason[] = [...KEY_ANOMALIES, 'operator'];

/** A new API key. */
export class CreateKeyDto {
  /** Name that people tell it by. */
  @ApiProperty({ type: 'string', minLength: 1, maxLength: 100, example: 'backend' })
  @IsCleanText({ min: 1, max: 100 })
  name: string;

  /** The project its calls belong to. */
  @ApiProperty({ type: 'string', format: 'uuid' })
  @IsId()
  projectId: string;

  /** What it may do. */
  @ApiProperty({ enum: SERVICE_KEY_SCOPES, isArray: true, minItems: 1 })
  @IsArray({ message: 'must be a list' })
  @ArrayMinSize(1, { message: 'must name at least one scope' })
  @ArrayMaxSize(SERVICE_KEY_SCOPES.length, { message: 'must name each scope once' })
  @IsIn(SERVICE_KEY_SCOPES, { each: true, message: `each value must be one of ${SERVICE_KEY_SCOPES.join(', ')}` })
  scopes: ServiceKeyScope[];

  /** When it stops working, RFC 3339; never when left out or null. */
  @ApiPropertyOptional({ type: 'string', format: 'date-time', nullable: true, example: '2027-01-31T12:00:00Z' })
  @IsOptional()
  @IsInstant()
  expiresAt?: string | null;

  /** Addresses and CIDR blocks it may be used from; from anywhere when left out or empty. */
  @OptionalTexts({ maxItems: MAX_NETWORKS, maxLength: 64, example: ['203.0.113.0/24', '2001:db8::/32'] })
  allowedNetworks?: string[];
}

/** What to change of an API key; what is left out stays. */
export class ChangeKeyDto {
  @ApiPropertyOptional({ type: 'string', minLength: 1, maxLength: 100 })
  @IfGiven()
  @IsCleanText({ min: 1, max: 100 })
  name?: string;

  /** What it may do, instead of what it might so far. */
  @ApiPropertyOptional({ enum: SERVICE_KEY_SCOPES, isArray: true, minItems: 1 })
  @IfGiven()
  @IsArray({ message: 'must be a list' })
  @ArrayMinSize(1, { message: 'must name at least one scope' })
  @ArrayMaxSize(SERVICE_KEY_SCOPES.length, { message: 'must name each scope once' })
  @IsIn(SERVICE_KEY_SCOPES, { each: true, message: `each value must be one of ${SERVICE_KEY_SCOPES.join(', ')}` })
  scopes?: ServiceKeyScope[];

  /** When it stops working, RFC 3339; null: never. */
  @ApiPropertyOptional({ type: 'string', format: 'date-time', nullable: true })
  @IsOptional()
  @IsInstant()
  expiresAt?: string | null;

  /** Addresses and CIDR blocks it may be used from, instead of those so far; from anywhere when empty. */
  @OptionalTexts({ maxItems: MAX_NETWORKS, maxLength: 64 })
  allowedNetworks?: string[];
}

/** How long the present secret goes on beside the new one. */
export class RotateKeyDto {
  /** Until when the present secret is accepted, RFC 3339, at most 7 days from now; a day when left out; null ends it at once. */
  @ApiPropertyOptional({ type: 'string', format: 'date-time', nullable: true, example: '2026-11-24T12:00:00Z' })
  @IsOptional()
  @IsInstant()
  previousValidUntil?: string | null;
}

/** The secret that a key had before its last rotation, while it is still accepted. */
export class PreviousSecretDto {
  /** Its last four characters. */
  hint: string;

  /** RFC 3339. */
  validUntil: string;

  /** True to about half a minute; null: not used since it was replaced. */
  @ApiProperty({ type: 'string', nullable: true })
  lastUsedAt: string | null;
}

/** Why calls with a key are refused for now. */
export class KeyBlockedDto {
  /** RFC 3339. */
  since: string;

  /** What was unusual about its use, or `operator`: then only the operator can release it. */
  @ApiProperty({ enum: BLOCK_REASONS, enumName: 'KeyBlockReason' })
  reason: BlockReason;
}

/** An API key, without its secret. */
export class KeyDto {
  id: string;

  organisationId: string;

  projectId: string;

  name: string;

  /** The last four characters of the secret. */
  hint: string;

  @ApiProperty({ enum: ['active', 'blocked', 'expired', 'revoked'] })
  status: 'active' | 'blocked' | 'expired' | 'revoked';

  @ApiProperty({ enum: SERVICE_KEY_SCOPES, isArray: true })
  scopes: ServiceKeyScope[];

  /** CIDR blocks it may be used from; from anywhere when empty. */
  allowedNetworks: string[];

  /** RFC 3339. */
  createdAt: string;

  /** RFC 3339; null: never. */
  @ApiProperty({ type: 'string', nullable: true })
  expiresAt: string | null;

  @ApiProperty({ type: 'string', nullable: true })
  revokedAt: string | null;

  /** True to about half a minute; null: never used. */
  @ApiProperty({ type: 'string', nullable: true })
  lastUsedAt: string | null;

  /** Null when only one secret works. */
  @ApiProperty({ type: () => PreviousSecretDto, nullable: true })
  previousSecret: PreviousSecretDto | null;

  /** Null when it is not blocked. */
  @ApiProperty({ type: () => KeyBlockedDto, nullable: true })
  blocked: KeyBlockedDto | null;

  static of(this: void, key: ApiKeySummary, nowMs: number): KeyDto {
    return {
      id: key.id,
      organisationId: key.organisationId,
      projectId: key.projectId,
      name: key.name,
      hint: key.hint,
      status: statusOf(key, nowMs),
      scopes: [...key.scopes],
      allowedNetworks: [...key.allowedNetworks],
      createdAt: key.createdAt.toISOString(),
      expiresAt: key.expiresAt?.toISOString() ?? null,
      revokedAt: key.revokedAt?.toISOString() ?? null,
      lastUsedAt: key.lastUsedAt?.toISOString() ?? null,
      previousSecret: previousSecretOf(key, nowMs),
      blocked: blockOf(key),
    };
  }
}

/** A new API key with its secret. */
export class CreatedKeyDto extends KeyDto {
  /** Shown now and never again: Lethe keeps only its hash. */
  @ApiProperty({ type: 'string', example: 'lethe_sk_…' })
  secret: string;
}

function statusOf(key: ApiKeySummary, nowMs: number): KeyDto['status'] {
  if (key.revokedAt !== null) return 'revoked';
  if (key.expiresAt !== null && key.expiresAt.getTime() <= nowMs) return 'expired';
  return key.blockedAt === null ? 'active' : 'blocked';
}

function blockOf({ blockedAt, blockedReason }: ApiKeySummary): KeyBlockedDto | null {
  return blockedAt === null || blockedReason === null ? null : { since: blockedAt.toISOString(), reason: blockedReason };
}

function previousSecretOf(key: ApiKeySummary, nowMs: number): PreviousSecretDto | null {
  const { previousHint: hint, previousExpiresAt: until, previousLastUsedAt } = key;
  if (hint === null || until === null || until.getTime() <= nowMs || ['expired', 'revoked'].includes(statusOf(key, nowMs))) return null;
  return { hint, validUntil: until.toISOString(), lastUsedAt: previousLastUsedAt?.toISOString() ?? null };
}
