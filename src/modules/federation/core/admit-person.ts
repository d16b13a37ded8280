import { Injectable } from '@nestjs/common';
import { present } from '../../../kernel/assert.js';
import { Clock } from '../../../kernel/clock.js';
import { AppError } from '../../../kernel/errors.js';
import { type AccountId, type ExternalIdentityId, newId, type OrganisationId } from '../../../kernel/ids.js';
import { Settings } from '../../../platform/config/settings.js';
import { type Tx, UnitOfWork } from '../../../platform/database/unit-of-work.js';
import { Accounts, type AccountSummary } from '../../accounts/accounts.contract.js';
import { type AuditActor, AuditLog } from '../../audit/audit.contract.js';
import { Memberships } from '../../tenants/tenants.contract.js';
import { ExternalIdentitiesRepository } from '../data/external-identities.repository.js';
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

export interface Admission {
  readonly accountId: AccountId;
  readonly identityId: ExternalIdentityId;
  /** Whether the provider is believed to have asked for two factors. */
  readonly secondFactorDone: boolean;
}

/** Lost against another request about the same person, which has since made what this one was about to. */
const OVERTAKEN = new Set(['federation/identity_taken', 'accounts/email_taken']);

/**
 * Decides whose account somebody is that a provider has proven to be, by the rules of ADR 0032, and keeps what the provider says of them. All of it
 * in one transaction: account, identity and membership are there together or not at all.
 */
@Injectable()
export class AdmitPerson {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly identities: ExternalIdentitiesRepository,
    private readonly accounts: Accounts,
    private readonly memberships: Memberships,
    private readonly domains: DomainRules,
    private readonly audit: AuditLog,
    private readonly settings: Settings,
    private readonly clock: Clock,
  ) {}

  /**
   * Raises `federation/identity_taken`, `federation/link_required`, `federation/domain_not_admitted`, `federation/not_a_member`,
   * `federation/sso_required`, `federation/sign_up_off` and `federation/age_not_attested`.
   */
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
    const known = await this.identities.findBySubject(tx, provider.id, person.subject);
    const account = await this.accountOf(tx, { provider, person, entry, known });
    // An identity just made by signing up, or one linked now, is subject to the same rules as one of old.
    await this.domains.requireAllowed(tx, account, provider.organisationId);
    if (provider.organisationId !== null) await this.domains.requireSpokenFor(tx, account, provider.organisationId);
    const identityId = known === null ? await this.link(tx, provider, person, account.id) : await this.refresh(tx, known, person);
    if (provider.organisationId !== null) await this.requireMember(tx, provider, provider.organisationId, account.id);
    return { accountId: account.id, identityId, secondFactorDone: await this.secondFactorDone(tx, provider, person, account.id) };
  }

  private async accountOf(
    tx: Tx,
    { provider, person, entry, known }: { provider: Provider; person: ExternalPerson; entry: Entry; known: ExternalIdentityRow | null },
  ): Promise<AccountSummary> {
    if (known !== null) {
      if (entry.accountId !== null && entry.accountId !== known.accountId) throw federationErrors.identity_taken();
      return present(await this.accounts.find(tx, known.accountId), 'the account of an identity');
    }
    if (entry.accountId !== null) return present(await this.accounts.find(tx, entry.accountId), 'the account that links an identity');
    return this.newcomer(tx, provider, person, entry);
  }

  /** Somebody whose identity is seen for the first time. */
  private async newcomer(tx: Tx, provider: Provider, person: ExternalPerson, entry: Entry): Promise<AccountSummary> {
    const { email } = person.profile;
    const owner = email === null ? null : await this.domains.ownerOf(tx, email);
    const isVouchedFor = vouchesFor(provider, person, owner?.organisationId ?? null);
    const existing = email === null ? null : await this.accounts.findByVerifiedEmail(tx, email);
    if (isVouchedFor && existing !== null) return existing;
    if (provider.organisationId !== null && !isVouchedFor) throw federationErrors.domain_not_admitted();
    // What the provider merely repeats proves nothing, and tells nothing about who has an account either.
    if (existing !== null && person.emailVerified === true) throw federationErrors.link_required();
    this.requireSignUp(provider, entry.attestedAge);
    return this.accounts.create(
      tx,
      {
        // An unproven address never gets near an account: nobody can be waiting behind it (ADR 0032).
        email: isVouchedFor ? email : null,
        emailVerified: isVouchedFor,
        username: null,
        displayName: null,
        locale: entry.locale,
        attestedAge: entry.attestedAge,
      },
      actorOf(provider),
    );
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

  private async link(tx: Tx, provider: Provider, { subject, profile }: ExternalPerson, accountId: AccountId): Promise<ExternalIdentityId> {
    if ((await this.identities.findByAccount(tx, provider.id, accountId)) !== null) throw federationErrors.identity_taken();
    const id = newId<ExternalIdentityId>();
    await this.identities.insert(tx, { id, providerId: provider.id, subject, accountId, ...profile, refreshedAt: this.clock.now() });
    await this.audit.record(tx, {
      actor: { kind: 'account', id: accountId },
      action: 'external_identity.linked',
      organisationId: provider.organisationId,
      target: { type: 'external_identity', id },
      detail: { providerId: provider.id, accountId, vip: profile.vip },
    });
    return id;
  }

  private async refresh(tx: Tx, known: ExternalIdentityRow, { profile }: ExternalPerson): Promise<ExternalIdentityId> {
    await this.identities.refresh(tx, known.id, profile, this.clock.now());
    if (known.vip !== profile.vip) {
      await this.audit.record(tx, {
        actor: { kind: 'account', id: known.accountId },
        action: 'external_identity.vip_changed',
        organisationId: null,
        target: { type: 'external_identity', id: known.id },
        detail: { vip: profile.vip },
      });
    }
    return known.id;
  }

  private async requireMember(tx: Tx, provider: Provider, organisationId: OrganisationId, accountId: AccountId): Promise<void> {
    if ((await this.memberships.find(tx, organisationId, accountId)) !== null) return;
    const { memberRole } = provider.settings;
    if (memberRole === null) throw federationErrors.not_a_member();
    await this.memberships.add(tx, { organisationId, accountId, role: memberRole, source: 'sso' }, actorOf(provider));
  }

  /** An organisation's word on second factors counts in that organisation: who belongs to others as well shows one of their own. */
  private async secondFactorDone(tx: Tx, provider: Provider, person: ExternalPerson, accountId: AccountId): Promise<boolean> {
    const { secondFactor } = provider.settings;
    if (secondFactor === 'never' || (secondFactor === 'amr' && !person.twoFactors)) return false;
    if (provider.organisationId === null) return true;
    const memberships = await this.memberships.ofAccount(tx, accountId);
    return memberships.every(({ organisationId }) => organisationId === provider.organisationId);
  }
}

function actorOf(provider: Provider): AuditActor {
  return { kind: 'system', id: `identity-provider:${provider.id}` };
}
