import { Injectable } from '@nestjs/common';
import type { OrganisationId } from '../../../../kernel/ids.js';
import { UnitOfWork } from '../../../../platform/database/unit-of-work.js';
import type { AuditActor } from '../../../audit/audit.contract.js';
import { Tenants } from '../../../tenants/tenants.contract.js';
import { contentErrors } from '../../content.errors.js';
import type { ContentSetting } from '../../data/content-setting.entity.js';
import { AuditedSettings } from './audited-settings.js';
import { ContentAllowance } from './content-allowance.js';

/** What an organisation said, and what follows from it under the profile and plan it is on now. Days of 0: nothing is kept. */
export interface SettingView extends ContentSetting {
  readonly payloadDays: number;
  readonly failedInputDays: number;
  readonly failedInputsAre: 'redacted' | 'as_payload';
  /** Days that what is kept under a troubleshooting grant lives; 0: there are no grants. */
  readonly grantDays: number;
}

/** An organisation's own say in what is kept of its calls: never more than its profile and plan allow. */
@Injectable()
export class ChangeSetting {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly settings: AuditedSettings,
    private readonly tenants: Tenants,
    private readonly allowance: ContentAllowance,
  ) {}

  /** Raises `tenants/organisation_not_found`. */
  read(organisationId: OrganisationId): Promise<SettingView> {
    return this.unitOfWork.forOrganisation(organisationId, async (tx) => {
      await this.tenants.requireOrganisation(tx, organisationId);
      return this.view(organisationId, await this.settings.find(tx, organisationId));
    });
  }

  /**
   * Holds for calls that begin once the change is heard of, well within a second; what is stored stays for its window. Raises
   * `tenants/organisation_not_found`, and `content/not_in_profile` for asking to keep what the profile has no window for.
   */
  run(actor: AuditActor, organisationId: OrganisationId, change: Partial<ContentSetting>): Promise<SettingView> {
    if (change.payloads === true && this.allowance.payloadDays(organisationId) === 0) throw contentErrors.not_in_profile();
    if (change.failedInputs === true && this.allowance.failedInputDays(organisationId) === 0) throw contentErrors.not_in_profile();
    return this.unitOfWork.forOrganisation(organisationId, async (tx) => {
      await this.tenants.requireOrganisation(tx, organisationId);
      const setting = await this.settings.change(tx, actor, organisationId, change);
      return this.view(organisationId, setting);
    });
  }

  private view(organisationId: OrganisationId, { payloads, samplePerMille, failedInputs }: ContentSetting): SettingView {
    const payloadDays = payloads && samplePerMille > 0 ? this.allowance.payloadDays(organisationId) : 0;
    const failedInputDays = failedInputs ? this.allowance.failedInputDays(organisationId) : 0;
    const { failedInputs: failedInputsAre, grantDays } = this.allowance.policy;
    return { payloads, samplePerMille, failedInputs, payloadDays, failedInputDays, failedInputsAre, grantDays };
  }
}
