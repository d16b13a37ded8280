import { Injectable } from '@nestjs/common';
import { Clock } from '../../../kernel/clock.js';
import type { AccountId } from '../../../kernel/ids.js';
import { type Tx, UnitOfWork } from '../../../platform/database/unit-of-work.js';
import { type AuditActor, AuditLog } from '../../audit/audit.contract.js';
import type { ConsentSource } from '../data/marketing-consent.entity.js';
import { PreferencesRepository } from '../data/preferences.repository.js';
import { OPTIONAL_CATEGORIES, type OptionalCategory } from './categories.js';
import type { EndableCategory } from './unsubscribe-links.js';

/** What an account has chosen; defaults filled in. */
export interface Preferences {
  readonly byMail: Readonly<Record<OptionalCategory, boolean>>;
  readonly marketing: Consent;
}

/** `changedAt` and `version` are null when it never said anything, which is no. */
export interface Consent {
  readonly granted: boolean;
  readonly version: string | null;
  readonly changedAt: Date | null;
}

/** What an account wants to be told by mail. */
@Injectable()
export class ChangePreferences {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly preferences: PreferencesRepository,
    private readonly audit: AuditLog,
    private readonly clock: Clock,
  ) {}

  read(accountId: AccountId): Promise<Preferences> {
    return this.unitOfWork.asSystem((tx) => this.readIn(tx, accountId));
  }

  setByMail(actor: AuditActor, accountId: AccountId, wanted: Readonly<Partial<Record<OptionalCategory, boolean>>>): Promise<Preferences> {
    return this.unitOfWork.asSystem(async (tx) => {
      for (const category of OPTIONAL_CATEGORIES) {
        const byMail = wanted[category];
        if (byMail !== undefined) await this.put(tx, actor, { accountId, category, byMail });
      }
      return this.readIn(tx, accountId);
    });
  }

  /** Recorded with the moment and the version of the text that was agreed to (G4). */
  setConsent(
    actor: AuditActor,
    accountId: AccountId,
    given: { readonly granted: boolean; readonly version: string },
  ): Promise<Preferences> {
    return this.unitOfWork.asSystem(async (tx) => {
      await this.putConsent(tx, actor, { accountId, ...given, source: 'account' });
      return this.readIn(tx, accountId);
    });
  }

  /** Ends mails of a kind, for whoever holds the link to do it. Doing it twice is the same as once. */
  unsubscribe(accountId: AccountId, category: EndableCategory): Promise<void> {
    const actor: AuditActor = { kind: 'system', id: 'unsubscribe-link' };
    return this.unitOfWork.asSystem(async (tx) => {
      const { byMail, marketing } = await this.readIn(tx, accountId);
      if (category !== 'marketing') {
        if (byMail[category]) await this.put(tx, actor, { accountId, category, byMail: false });
      } else if (marketing.granted) {
        await this.putConsent(tx, actor, { accountId, granted: false, version: marketing.version ?? '', source: 'one_click' });
      }
    });
  }

  private async readIn(tx: Tx, accountId: AccountId): Promise<Preferences> {
    const said = await this.preferences.ofAccount(tx, accountId);
    const consent = await this.preferences.consentOf(tx, accountId);
    const byMail = Object.fromEntries(OPTIONAL_CATEGORIES.map((category) => [category, said.get(category) ?? true]));
    const { granted = false, version = null, changedAt = null } = consent ?? {};
    return { byMail: byMail as Preferences['byMail'], marketing: { granted, version, changedAt } };
  }

  private async put(
    tx: Tx,
    actor: AuditActor,
    { accountId, category, byMail }: { readonly accountId: AccountId; readonly category: OptionalCategory; readonly byMail: boolean },
  ): Promise<void> {
    await this.preferences.put(tx, { accountId, category, byMail, updatedAt: this.clock.now() });
    const target = { type: 'account', id: accountId };
    await this.audit.record(tx, {
      actor,
      action: 'notification_preference.changed',
      organisationId: null,
      target,
      detail: { category, byMail },
    });
  }

  private async putConsent(
    tx: Tx,
    actor: AuditActor,
    given: { readonly accountId: AccountId; readonly granted: boolean; readonly version: string; readonly source: ConsentSource },
  ): Promise<void> {
    const { accountId, granted, version, source } = given;
    await this.preferences.putConsent(tx, { ...given, changedAt: this.clock.now() });
    await this.audit.record(tx, {
      actor,
      action: granted ? 'marketing_consent.given' : 'marketing_consent.withdrawn',
      organisationId: null,
      target: { type: 'account', id: accountId },
      detail: { version, source },
    });
  }
}
