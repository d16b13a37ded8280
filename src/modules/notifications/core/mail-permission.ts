import { Injectable } from '@nestjs/common';
import type { Tx } from '../../../platform/database/unit-of-work.js';
import { PreferencesRepository } from '../data/preferences.repository.js';
import { SuppressedAddressesRepository } from '../data/suppressed-addresses.repository.js';
import type { MessageKind } from '../notifications.contract.js';
import { AddressHash } from './address-hash.js';
import { categoryOf } from './categories.js';
import type { MailContent } from './mail-queue.js';

/** Whether a mail may go to its recipient. Asked when it leaves, so that a "no" said meanwhile is heard. */
@Injectable()
export class MailPermission {
  constructor(
    private readonly preferences: PreferencesRepository,
    private readonly suppressed: SuppressedAddressesRepository,
    private readonly addresses: AddressHash,
  ) {}

  /**
   * A security message goes out unless nothing arrives at its address. Anything else not after a complaint either, nor against what the account
   * prefers; advertising only with its consent (G4).
   */
  async check(tx: Tx, kind: MessageKind, { accountId, email }: MailContent): Promise<boolean> {
    const suppression = await this.suppressed.reasonFor(tx, this.addresses.of(email));
    if (suppression === 'bounced') return false;
    const category = categoryOf(kind);
    if (category === 'security') return true;
    if (suppression !== null) return false;
    if (accountId === null) return category !== 'marketing';
    if (category === 'marketing') return (await this.preferences.consentOf(tx, accountId))?.granted === true;
    return (await this.preferences.ofAccount(tx, accountId)).get(category) ?? true;
  }
}
