import { Column, Entity, PrimaryColumn } from 'typeorm';
import { DataInventory } from '../../../contracts/data-inventory.js';
import type { AccountId } from '../../../kernel/ids.js';

/** Where a consent was given or withdrawn: in the account, or by the link in a mail. */
export type ConsentSource = 'account' | 'one_click';

/** Whether an account wants advertising by mail. No row is no (G4). */
@DataInventory({
  table: 'marketing_consent',
  description: 'Consent to advertising by mail: whether, to which text, since when',
  dataClass: 'account_profile',
  purpose: 'marketing',
  legalBasis: 'consent',
  subject: 'account_holder',
  located: { column: 'account_id' },
  retention: { kind: 'with_owner', owner: 'account', column: 'account_id', goes: 'cascade' },
  export: { section: 'marketingConsent' },
  erasure: 'delete',
  tenantPolicy: { kind: 'system_only' },
  columns: { account_id: 'personal', granted: 'technical', version: 'technical', source: 'technical', changed_at: 'technical' },
})
@Entity('marketing_consent')
export class MarketingConsentEntity {
  @PrimaryColumn({ type: 'uuid', name: 'account_id' })
  accountId: AccountId;

  @Column({ type: 'boolean' })
  granted: boolean;

  @Column({ type: 'text' })
  version: string;

  @Column({ type: 'text' })
  source: ConsentSource;

  @Column({ type: 'timestamptz', name: 'changed_at' })
  changedAt: Date;
}

/** The same as plain data. */
export type ConsentRow = Pick<MarketingConsentEntity, keyof MarketingConsentEntity>;
