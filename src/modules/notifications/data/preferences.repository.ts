import { Injectable } from '@nestjs/common';
import type { AccountId } from '../../../kernel/ids.js';
import type { Tx } from '../../../platform/database/unit-of-work.js';
import { type ConsentRow, MarketingConsentEntity } from './marketing-consent.entity.js';
import { NotificationPreferenceEntity, type PreferenceRow } from './notification-preference.entity.js';

/** Preferences and consent of accounts; the transaction must be a system one. */
@Injectable()
export class PreferencesRepository {
  /** Category → whether by mail, for those the account has spoken of. */
  async ofAccount(tx: Tx, accountId: AccountId): Promise<ReadonlyMap<string, boolean>> {
    const rows = await tx.findBy(NotificationPreferenceEntity, { accountId });
    return new Map(rows.map(({ category, byMail }) => [category, byMail]));
  }

  async put(tx: Tx, row: PreferenceRow): Promise<void> {
    await tx.upsert(NotificationPreferenceEntity, row, ['accountId', 'category']);
  }

  consentOf(tx: Tx, accountId: AccountId): Promise<ConsentRow | null> {
    return tx.findOneBy(MarketingConsentEntity, { accountId });
  }

  async putConsent(tx: Tx, row: ConsentRow): Promise<void> {
    await tx.upsert(MarketingConsentEntity, row, ['accountId']);
  }
}
