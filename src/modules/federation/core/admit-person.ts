import { Injectable } from '@nestjs/common';
import { AppError } from '../../../kernel/errors.js';
import type { AccountId, ExternalIdentityId } from '../../../kernel/ids.js';
import { type Tx, UnitOfWork } from '../../../platform/database/unit-of-work.js';
import type { Provider } from '../data/identity-providers.repository.js';
import { AccountBehind, type Entry } from './account-behind.js';
import { AdmissionRules } from './admission-rules.js';
import type { ExternalPerson } from './external-person.js';
import { IdentityBook } from './identity-book.js';

export interface Admission {
  readonly accountId: AccountId;
  readonly identityId: ExternalIdentityId;
  /** Whether the provider is believed to have asked for two factors. */
  readonly secondFactorDone: boolean;
}

/** Lost against another request about the same person, which has since made what this one was about to. */
const OVERTAKEN = new Set(['federation/identity_taken', 'accounts/email_taken']);

/**
 * Lets somebody in that a provider has proven to be who they are, and keeps what it says of them. All of it in one transaction: account, identity and
 * membership are there together or not at all.
 */
@Injectable()
export class AdmitPerson {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly accountBehind: AccountBehind,
    private readonly rules: AdmissionRules,
    private readonly book: IdentityBook,
  ) {}

  /** Raises what {@link AccountBehind} and {@link AdmissionRules} raise. */
  async run(provider: Provider, person: ExternalPerson, entry: Entry): Promise<Admission> {
    const admit = (): Promise<Admission> => this.unitOfWork.asSystem((tx) => this.admit(tx, provider, person, entry));
    try {
      return await admit();
    } catch (error) {
      const again = entry.accountId === null && error instanceof AppError && OVERTAKEN.has(error.code);
      if (!again) throw error;
      return admit();
    }
  }

  private async admit(tx: Tx, provider: Provider, person: ExternalPerson, entry: Entry): Promise<Admission> {
    const known = await this.book.find(tx, provider.id, person.subject);
    const opened = await this.accountBehind.find(tx, { provider, person, entry, known });
    const { account } = opened;
    await this.rules.require(tx, provider, account);
    if (known !== null) await this.book.refresh(tx, { kind: 'account', id: account.id }, known, person.profile);
    const identityId = known?.id ?? (await this.book.link(tx, provider, person, opened));
    const secondFactorDone = await this.rules.isSecondFactorDone(tx, provider, person, account.id);
    return { accountId: account.id, identityId, secondFactorDone };
  }
}
