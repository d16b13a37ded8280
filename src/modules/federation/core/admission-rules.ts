import { Injectable } from '@nestjs/common';
import type { AccountId } from '../../../kernel/ids.js';
import type { Tx } from '../../../platform/database/unit-of-work.js';
import type { AccountSummary } from '../../accounts/accounts.contract.js';
import { Memberships } from '../../tenants/tenants.contract.js';
import type { Provider } from '../data/identity-providers.repository.js';
import { federationErrors } from '../federation.errors.js';
import { actorOf } from './account-behind.js';
import { DomainRules } from './domain-rules.js';
import type { ExternalPerson } from './external-person.js';
import { SingleSignOnDemand } from './single-sign-on-demand.js';

/** What must hold of an account before a provider opens it, whether it was linked a moment or a year ago. */
@Injectable()
export class AdmissionRules {
  constructor(
    private readonly domains: DomainRules,
    private readonly demand: SingleSignOnDemand,
    private readonly memberships: Memberships,
  ) {}

  /**
   * Raises `federation/sso_required`, `federation/domain_not_admitted` and `federation/not_a_member`. Somebody an organisation's provider may make a
   * member is one afterwards.
   */
  async require(tx: Tx, provider: Provider, account: AccountSummary): Promise<void> {
    const verifiedEmail = account.emailVerified ? account.email : null;
    await this.demand.requireMet(tx, { accountId: account.id, verifiedEmail }, provider.organisationId);
    const { organisationId } = provider;
    if (organisationId === null) return;
    await this.domains.requireSpokenFor(tx, verifiedEmail, organisationId);
    if ((await this.memberships.find(tx, organisationId, account.id)) !== null) return;
    const { memberRole } = provider.settings;
    if (memberRole === null) throw federationErrors.not_a_member();
    await this.memberships.add(tx, { organisationId, accountId: account.id, role: memberRole, source: 'sso' }, actorOf(provider));
  }

  /** An organisation's word on second factors counts in that organisation: who belongs to others as well shows one of their own. */
  async isSecondFactorDone(tx: Tx, provider: Provider, person: ExternalPerson, accountId: AccountId): Promise<boolean> {
    const { secondFactor } = provider.settings;
    if (secondFactor === 'never' || (secondFactor === 'amr' && !person.twoFactors)) return false;
    if (provider.organisationId === null) return true;
    const memberships = await this.memberships.ofAccount(tx, accountId);
    return memberships.every(({ organisationId }) => organisationId === provider.organisationId);
  }
}
