import { Injectable } from '@nestjs/common';
import type { AccountId } from '../../../../kernel/ids.js';
import type { Tx } from '../../../../platform/database/unit-of-work.js';
import { type AuditActor, AuditLog } from '../../../audit/audit.contract.js';
import { Mailer } from '../../../notifications/notifications.contract.js';
import { AccountsRepository } from '../../data/accounts.repository.js';

/** What can happen to second factors, each with its name in the audit log and the word the owner's mail has for it. */
const EVENTS = {
  totp_added: 'totp_factor.enrolled',
  totp_removed: 'totp_factor.removed',
  webauthn_added: 'webauthn_credential.registered',
  webauthn_removed: 'webauthn_credential.removed',
  webauthn_suspended: 'webauthn_credential.suspended',
  recovery_codes_replaced: 'recovery_codes.replaced',
  recovery_code_used: 'recovery_code.used',
  codes_guessed: 'second_factor.guessed',
  reset: 'second_factors.reset',
} as const satisfies Record<string, `${string}.${string}`>;

export type FactorEvent = keyof typeof EVENTS;

/** The factor something happened to. */
export interface FactorTarget {
  readonly type: 'totp_factor' | 'webauthn_credential';
  readonly id: string;
}

const SYSTEM: AuditActor = { kind: 'system', id: 'second-factors' };
/** What Lethe found out by itself; the rest the owner did, or somebody who passed for them. */
const FOUND: ReadonlySet<FactorEvent> = new Set<FactorEvent>(['webauthn_suspended', 'codes_guessed']);

/** Writes what happened into the audit log and tells the account's owner, with the change or not at all. */
@Injectable()
export class FactorEvents {
  constructor(
    private readonly accounts: AccountsRepository,
    private readonly audit: AuditLog,
    private readonly mailer: Mailer,
  ) {}

  /** `target`: the factor, where it is one; else the account itself. `by`: who did it, where it was not the owner. */
  async record(
    tx: Tx,
    accountId: AccountId,
    event: FactorEvent,
    { target, by }: { readonly target?: FactorTarget; readonly by?: AuditActor } = {},
  ): Promise<void> {
    await this.audit.record(tx, {
      actor: by ?? (FOUND.has(event) ? SYSTEM : { kind: 'account', id: accountId }),
      action: EVENTS[event],
      organisationId: null,
      target: target ?? { type: 'account', id: accountId },
      ...(target ? { detail: { accountId } } : {}),
    });
    const account = await this.accounts.find(tx, accountId);
    if (account === null || account.email === null || account.emailVerifiedAt === null) return;
    await this.mailer.send(tx, 'second_factor_changed', { accountId, email: account.email, locale: account.locale }, { change: event });
  }
}
