import { Injectable } from '@nestjs/common';
import { Clock } from '../../../../kernel/clock.js';
import type { OrganisationId } from '../../../../kernel/ids.js';
import type { Tx } from '../../../../platform/database/unit-of-work.js';
import { type AuditActor, AuditLog } from '../../../audit/audit.contract.js';
import { type ContentSetting, USUAL_SETTING } from '../../data/content-setting.entity.js';
import { ContentSettingsRepository } from '../../data/content-settings.repository.js';

/** What organisations want kept; each change together with the audit row that tells of it. */
@Injectable()
export class AuditedSettings {
  constructor(
    private readonly settings: ContentSettingsRepository,
    private readonly audit: AuditLog,
    private readonly clock: Clock,
  ) {}

  async find(tx: Tx, organisationId: OrganisationId): Promise<ContentSetting> {
    return (await this.settings.find(tx, organisationId)) ?? USUAL_SETTING;
  }

  async change(tx: Tx, actor: AuditActor, organisationId: OrganisationId, change: Partial<ContentSetting>): Promise<ContentSetting> {
    const { payloads, samplePerMille, failedInputs } = (await this.settings.lock(tx, organisationId)) ?? USUAL_SETTING;
    const setting: ContentSetting = { payloads, samplePerMille, failedInputs, ...change };
    await this.settings.put(tx, { id: organisationId, ...setting, updatedAt: this.clock.now() });
    const target = { type: 'organisation', id: organisationId };
    await this.audit.record(tx, { actor, action: 'content_setting.changed', organisationId, target, detail: { ...change } });
    return setting;
  }
}
