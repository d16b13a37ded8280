import { ApiProperty } from '@nestjs/swagger';
import { STAFF_PERMISSIONS, STAFF_ROLES, type StaffRole } from '../../../../platform/http/staff-roles.js';
import type { CurrentDuty } from '../../data/duties.repository.js';

/** Whether this session acts as operator. */
export class DutyDto {
  onDuty: boolean;

  @ApiProperty({ type: 'string', nullable: true })
  operatorId: string | null;

  @ApiProperty({ type: 'string', enum: STAFF_ROLES, nullable: true })
  role: StaffRole | null;

  /** When it ends by itself, RFC 3339. */
  @ApiProperty({ type: 'string', nullable: true })
  endsAt: string | null;

  /** What it may do; what is an organisation's own takes a break-glass grant as well. */
  permissions: string[];

  static of(this: void, duty: CurrentDuty | null): DutyDto {
    return {
      onDuty: duty !== null,
      operatorId: duty?.operatorId ?? null,
      role: duty?.role ?? null,
      endsAt: duty?.endsAt.toISOString() ?? null,
      permissions: duty === null ? [] : [...STAFF_PERMISSIONS[duty.role]].sort(),
    };
  }
}
