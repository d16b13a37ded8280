import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsObject, IsString } from 'class-validator';
import { WINDOWED_CLASSES, type WindowedClass } from '../../../contracts/data-classes.js';
import type { PolicyProfile } from '../../../contracts/policy-profile.js';
import { effectiveDays } from '../core/windows/effective-days.js';
import type { OrganisationPolicy } from '../data/organisation-policies.repository.js';

/** The plan an organisation is put on. */
export class PutOnPlanDto {
  /** A plan of the profile in force. */
  @ApiProperty({ type: 'string', example: 'team' })
  @IsString({ message: 'must be the name of a plan' })
  plan: string;
}

/** Windows an organisation asks for itself. */
export class AskForDaysDto {
  /** Days by data class, as far as the profile allows; null for what the plan gives. A class that is left out stays as it is. */
  @ApiProperty({
    type: 'object',
    additionalProperties: { type: 'integer', minimum: 0, maximum: 7305, nullable: true },
    example: { payload: 0, request_metadata: 14 },
  })
  @IsObject({ message: 'must be an object of data classes and days' })
  days: Record<string, number | null>;
}

/** How long one data class of an organisation is kept. */
export class WindowDto {
  @ApiProperty({ enum: WINDOWED_CLASSES })
  dataClass: WindowedClass;

  /** Days from writing, or from the end of the account for `account_profile`. 0: never written. */
  days: number;

  /** What the plan gives. */
  planDays: number;

  /** The most the organisation may ask for. */
  longestDays: number;

  /** Whether it may ask for less. */
  mayShorten: boolean;

  /** Why it is kept for so long, where the profile says so. */
  @ApiPropertyOptional({ type: 'string', nullable: true })
  reason: string | null;
}

/** What is promised to an organisation. */
export class OrganisationPolicyDto {
  /** The policy profile in force. */
  profile: string;

  plan: string;

  @ApiProperty({ type: WindowDto, isArray: true })
  windows: WindowDto[];

  static of(profile: PolicyProfile, policy: Pick<OrganisationPolicy, 'plan' | 'askedDays'> | null): OrganisationPolicyDto {
    const first = profile.plans[0] ?? '';
    const plan = policy !== null && profile.plans.includes(policy.plan) ? policy.plan : first;
    const days = effectiveDays(profile, plan, policy?.askedDays ?? {});
    const windows = WINDOWED_CLASSES.map((dataClass) => {
      const { days: own, longestDays, mayShorten, reason } = profile.windows[dataClass];
      return {
        dataClass,
        days: days[dataClass],
        planDays: own[plan] ?? 0,
        longestDays: longestDays[plan] ?? 0,
        mayShorten,
        reason,
      };
    });
    return Object.assign(new OrganisationPolicyDto(), { profile: profile.name, plan, windows });
  }
}
