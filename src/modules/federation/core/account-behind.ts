import { Injectable } from '@nestjs/common';
import { present } from '../../../kernel/assert.js';
import type { AccountId } from '../../../kernel/ids.js';
import { Settings } from '../../../platform/config/settings.js';
import type { Tx } from '../../../platform/database/unit-of-work.js';
import { Accounts, type AccountSummary } from '../../accounts/accounts.contract.js';
import type { AuditActor } from '../../audit/audit.contract.js';
import { Memberships } from '../../tenants/tenants.contract.js';
import type { ExternalIdentityRow } from '../data/external-identity.entity.js';
import type { Provider } from '../data/identity-providers.repository.js';
import { federationErrors } from '../federation.errors.js';
import { DomainRules } from './domain-rules.js';
import type { ExternalPerson } from './external-person.js';
import { vouchesFor } from './vouches-for.js';

/** What is known of somebody from this side of the flow. */
export interface Entry {
  /** The account that is signed in and links this identity; null when somebody signs in. */
  readonly accountId: AccountId | null;
  readonly attestedAge: number | null;
  readonly locale: string;
}

/** Somebody a provider speaks of, and the identity they are known by if they have been here before. */
export interface Arrival {
  readonly provider: Provider;
  readonly person: ExternalPerson;
  readonly entry: Entry;
  readonly known: ExternalIdentityRow | null;
}

/** The account an identity opens, and whether it was made for that a moment ago. */
export interface Opened {
  readonly account: AccountSummary;
  readonly isNew: boolean;
}

/** Decides whose account an identity belongs to, by the rules of ADR 0032. */
@Injectable()
export class AccountBehind {
  constructor(
    private readonly accounts: Accounts,
    private readonly memberships: Memberships,
    private readonly domains: DomainRules,
    private readonly settings: Settings,
  ) {}

  /**
   * Raises `federation/identity_taken`, `federation/link_required`, `federation/domain_not_admitted`, `federation/sign_up_off` and
   * `federation/age_not_attested`.
   */
  async find(tx: Tx, arrival: Arrival): Promise<Opened> {
    const { entry, known } = arrival;
    if (known !== null && entry.accountId !== null && entry.accountId !== known.accountId) throw federationErrors.identity_taken();
    const accountId = known?.accountId ?? entry.accountId;
    if (accountId === null) return this.newcomer(tx, arrival);
    return { account: present(await this.accounts.find(tx, accountId), 'the account of an identity'), isNew: false };
  }

  /** Somebody whose identity is seen for the first time. */
  private async newcomer(tx: Tx, { provider, person, entry }: Arrival): Promise<Opened> {
    const { email } = person.profile;
    const owner = email === null ? null : await this.domains.ownerOf(tx, email);
    const isVouchedFor = vouchesFor(provider, person, owner?.organisationId ?? null);
    const existing = email === null ? null : await this.accounts.findByVerifiedEmail(tx, email);
    if (isVouchedFor && existing !== null) {
      await this.requireNoOwner(tx, provider, existing);
      return { account: existing, isNew: false };
    }
    if (provider.organisationId !== null && !isVouchedFor) throw federationErrors.domain_not_admitted();
    // What the provider merely repeats proves nothing, and tells nothing about who has an account either.
    if (existing !== null && person.emailVerified === true) throw federationErrors.link_required();
    this.requireSignUp(provider, entry.attestedAge);
    const account = await this.accounts.create(
      tx,
      {
        // An unproven address never gets near an account: nobody can be waiting behind it.
        email: isVouchedFor ? email : null,
        emailVerified: isVouchedFor,
        username: null,
        displayName: null,
        locale: entry.locale,
        attestedAge: entry.attestedAge,
      },
      actorOf(provider),
    );
    return { account, isNew: true };
  }

  /** Whoever may set up a provider would otherwise be an owner by naming one. */
  private async requireNoOwner(tx: Tx, { organisationId }: Provider, { id }: AccountSummary): Promise<void> {
    const membership = organisationId === null ? null : await this.memberships.find(tx, organisationId, id);
    if (membership?.role === 'owner') throw federationErrors.link_required();
  }

  private requireSignUp(provider: Provider, attestedAge: number | null): void {
    const { signUp, minimumAge } = this.settings;
    const isOwn = provider.organisationId === null;
    const isOpen = isOwn ? signUp === 'open' : signUp !== 'closed';
    if (!isOpen || !provider.settings.allowsSignUp) throw federationErrors.sign_up_off();
    if (isOwn && (attestedAge === null || attestedAge < minimumAge)) {
      throw federationErrors.age_not_attested({ details: { minimumAge } });
    }
  }
}

/** Who does what happens because a provider says so. */
export function actorOf({ id }: Pick<Provider, 'id'>): AuditActor {
  return { kind: 'system', id: `identity-provider:${id}` };
}
