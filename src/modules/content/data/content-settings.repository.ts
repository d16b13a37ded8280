import { Injectable } from '@nestjs/common';
import type { OrganisationId } from '../../../kernel/ids.js';
import type { Tx } from '../../../platform/database/unit-of-work.js';
import { ContentSettingEntity, type ContentSettingRow } from './content-setting.entity.js';

/** Rows of `content_setting`. */
@Injectable()
export class ContentSettingsRepository {
  find(tx: Tx, organisationId: OrganisationId): Promise<ContentSettingRow | null> {
    return tx.findOneBy(ContentSettingEntity, { id: organisationId });
  }

  /** The same, kept from change until the transaction ends. */
  lock(tx: Tx, organisationId: OrganisationId): Promise<ContentSettingRow | null> {
    return tx.findOne(ContentSettingEntity, { where: { id: organisationId }, lock: { mode: 'pessimistic_write' } });
  }

  async put(tx: Tx, setting: ContentSettingRow): Promise<void> {
    await tx.upsert(ContentSettingEntity, setting, ['id']);
  }

  /** Those of all tenants: for memory, in a system transaction. */
  all(tx: Tx): Promise<ContentSettingRow[]> {
    return tx.find(ContentSettingEntity);
  }
}
