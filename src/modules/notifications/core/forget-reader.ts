import { Injectable } from '@nestjs/common';
import type { AccountId } from '../../../kernel/ids.js';
import type { Tx } from '../../../platform/database/unit-of-work.js';
import { NoticesRepository } from '../data/notices.repository.js';
import { PreferencesRepository } from '../data/preferences.repository.js';
import { ReaderData } from '../notifications.contract.js';

/** {@link ReaderData}. */
@Injectable()
export class ForgetReader extends ReaderData {
  constructor(
    private readonly notices: NoticesRepository,
    private readonly preferences: PreferencesRepository,
  ) {
    super();
  }

  override async forget(tx: Tx, accountId: AccountId): Promise<void> {
    await this.notices.forget(tx, accountId);
    await this.preferences.forget(tx, accountId);
  }
}
