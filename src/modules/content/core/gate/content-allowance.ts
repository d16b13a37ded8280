import { Injectable } from '@nestjs/common';
import { type ContentPolicy, PolicyProfile } from '../../../../contracts/policy-profile.js';
import { RetentionWindows } from '../../../../contracts/retention-windows.js';
import type { OrganisationId } from '../../../../kernel/ids.js';

/** What the profile in force and an organisation's plan allow to be kept, whatever anybody says. From memory. */
@Injectable()
export class ContentAllowance {
  readonly policy: ContentPolicy;

  constructor(
    profile: PolicyProfile,
    private readonly windows: RetentionWindows,
  ) {
    this.policy = profile.content;
  }

  /** Days that a payload written now is kept; 0: it may not be. */
  payloadDays(organisationId: OrganisationId): number {
    return this.windows.days('payload', organisationId);
  }

  /** The same for the input of a call that failed. */
  failedInputDays(organisationId: OrganisationId): number {
    return this.windows.days('failed_input', organisationId);
  }

  /** Days that anything of a call is kept at most, for whatever reason; 0: nothing ever is. */
  longestDays(organisationId: OrganisationId): number {
    return Math.max(this.payloadDays(organisationId), this.failedInputDays(organisationId), this.policy.grantDays);
  }
}
