import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsIn, IsOptional } from 'class-validator';
import { IfGiven, IsCleanText, IsInstant } from '../../../../platform/http/field-rules.js';
import { STAFF_ROLES, type StaffRole } from '../../../../platform/http/staff-roles.js';
import type { Operator } from '../../auth.contract.js';
import type { OperatorTokenEntity } from '../../data/operator-token.entity.js';

const STATUSES = ['active', 'disabled'] as const;
const ROLE_MESSAGE = { message: `must be one of ${STAFF_ROLES.join(', ')}` };

/** A new member of staff. */
export class AddStaffDto {
  /** The person's name, or what colleagues call them. The audit log holds their id only. */
  @ApiProperty({ type: 'string', minLength: 1, maxLength: 100, example: 'Ada' })
  @IsCleanText({ min: 1, max: 100 })
  name: string;

  @ApiProperty({ enum: STAFF_ROLES, enumName: 'StaffRole' })
  @IsIn(STAFF_ROLES, ROLE_MESSAGE)
  role: StaffRole;
}

/** What to change of a member of staff; what is left out stays. */
export class ChangeStaffDto {
  @ApiPropertyOptional({ type: 'string', minLength: 1, maxLength: 100 })
  @IfGiven()
  @IsCleanText({ min: 1, max: 100 })
  name?: string;

  @ApiPropertyOptional({ enum: STAFF_ROLES, enumName: 'StaffRole' })
  @IfGiven()
  @IsIn(STAFF_ROLES, ROLE_MESSAGE)
  role?: StaffRole;

  /** `disabled`: their tokens are refused and their duty and grants end, from the next request on. */
  @ApiPropertyOptional({ enum: STATUSES })
  @IfGiven()
  @IsIn(STATUSES, { message: `must be one of ${STATUSES.join(', ')}` })
  status?: Operator['status'];
}

/** Takes up an invitation. */
export class AcceptStaffInvitationDto {
  /** As the invitation said it. */
  @ApiProperty({ type: 'string', minLength: 1, maxLength: 100 })
  @IsCleanText({ min: 1, max: 100 })
  invitation: string;
}

/** A new operator token. */
export class IssueTokenDto {
  /** What it is for. */
  @ApiProperty({ type: 'string', minLength: 1, maxLength: 100, example: 'nightly export' })
  @IsCleanText({ min: 1, max: 100 })
  name: string;

  /** When it stops working, RFC 3339; only when it is revoked, if left out or null. */
  @ApiPropertyOptional({ type: 'string', format: 'date-time', nullable: true, example: '2027-01-31T12:00:00Z' })
  @IsOptional()
  @IsInstant()
  expiresAt?: string | null;
}

/** A member of the operator's staff. */
export class StaffDto {
  id: string;

  name: string;

  @ApiProperty({ enum: STAFF_ROLES, enumName: 'StaffRole' })
  role: StaffRole;

  @ApiProperty({ enum: STATUSES })
  status: Operator['status'];

  /** The account they sign in with; null for one that only has tokens. */
  @ApiProperty({ type: 'string', nullable: true })
  accountId: string | null;

  /** Until when an invitation can be taken up, RFC 3339; null when none waits. */
  @ApiProperty({ type: 'string', nullable: true })
  invitedUntil: string | null;

  /** RFC 3339. */
  createdAt: string;

  static of(this: void, operator: Operator): StaffDto {
    return {
      id: operator.id,
      name: operator.name,
      role: operator.role,
      status: operator.status,
      accountId: operator.accountId,
      invitedUntil: operator.invitedUntil?.toISOString() ?? null,
      createdAt: operator.createdAt.toISOString(),
    };
  }
}

/** An invitation to take a member of staff's place. */
export class StaffInvitationDto {
  /** Shown now and never again: Lethe keeps only its hash. Hand it to that person and to nobody else. */
  invitation: string;

  /** RFC 3339. */
  expiresAt: string;
}

/** An operator token, without its secret. */
export class OperatorTokenDto {
  id: string;

  name: string;

  /** The last four characters of the secret. */
  hint: string;

  @ApiProperty({ enum: ['active', 'expired', 'revoked'] })
  status: 'active' | 'expired' | 'revoked';

  /** RFC 3339. */
  createdAt: string;

  /** RFC 3339; null: until it is revoked. */
  @ApiProperty({ type: 'string', nullable: true })
  expiresAt: string | null;

  @ApiProperty({ type: 'string', nullable: true })
  revokedAt: string | null;

  static of(this: void, token: OperatorTokenEntity, nowMs: number): OperatorTokenDto {
    return {
      id: token.id,
      name: token.name,
      hint: token.hint,
      status: statusOf(token, nowMs),
      createdAt: token.createdAt.toISOString(),
      expiresAt: token.expiresAt?.toISOString() ?? null,
      revokedAt: token.revokedAt?.toISOString() ?? null,
    };
  }
}

/** A new operator token with its secret. */
export class IssuedTokenDto extends OperatorTokenDto {
  /** Shown now and never again: Lethe keeps only its hash. */
  @ApiProperty({ type: 'string', example: 'lethe_op_…' })
  secret: string;
}

function statusOf({ revokedAt, expiresAt }: OperatorTokenEntity, nowMs: number): OperatorTokenDto['status'] {
  if (revokedAt !== null) return 'revoked';
  return expiresAt !== null && expiresAt.getTime() <= nowMs ? 'expired' : 'active';
}
