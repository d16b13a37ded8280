import { Injectable } from '@nestjs/common';
import { Clock } from '../../../kernel/clock.js';
import { type AccountId, type ExternalIdentityId, type IdentityProviderId, newId } from '../../../kernel/ids.js';
import { type Tx, UnitOfWork } from '../../../platform/database/unit-of-work.js';
import type { AuditActor } from '../../audit/audit.contract.js';
import { ExternalIdentitiesRepository, type ExternalProfile } from '../data/external-identities.repository.js';
import type { ExternalGrantRow } from '../data/external-grant.entity.js';
import type { ExternalIdentityRow } from '../data/external-identity.entity.js';
import type { Provider } from '../data/identity-providers.repository.js';
import { federationErrors } from '../federation.errors.js';
import type { Opened } from './account-behind.js';
import type { ExternalPerson } from './external-person.js';
import { IdentityEvents } from './identity-events.js';

/** Writes identities, each change with the audit row that tells of it. A transaction handed in must be a system one. */
@Injectable()
export class IdentityBook {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly identities: ExternalIdentitiesRepository,
    private readonly events: IdentityEvents,
    private readonly clock: Clock,
  ) {}

  find(tx: Tx, providerId: IdentityProviderId, subject: string): Promise<ExternalIdentityRow | null> {
    return this.identities.findBySubject(tx, providerId, subject);
  }

  findById(id: ExternalIdentityId): Promise<ExternalIdentityRow | null> {
    return this.unitOfWork.asSystem((tx) => this.identities.find(tx, id));
  }

  /** In the order they were linked. */
  ofAccount(tx: Tx, accountId: AccountId): Promise<ExternalIdentityRow[]> {
    return this.identities.ofAccount(tx, accountId);
  }

  /** The same, so that changes to the identities of one account follow one another until the transaction ends. */
  lockAccount(tx: Tx, accountId: AccountId): Promise<ExternalIdentityRow[]> {
    return this.identities.lockAccount(tx, accountId);
  }

  /**
   * Whose account it is hears of it, unless the account was made for this very identity. Raises `federation/identity_taken` when the account has
   * another identity there, or the identity another account.
   */
  async link(tx: Tx, provider: Provider, { subject, profile }: ExternalPerson, { account, isNew }: Opened): Promise<ExternalIdentityId> {
    const accountId = account.id;
    if ((await this.identities.findByAccount(tx, provider.id, accountId)) !== null) throw federationErrors.identity_taken();
    const id = newId<ExternalIdentityId>();
    await this.identities.insert(tx, { id, providerId: provider.id, subject, accountId, ...profile, refreshedAt: this.clock.now() });
    await this.events.record(tx, {
      actor: { kind: 'account', id: accountId },
      action: 'external_identity.linked',
      organisationId: provider.organisationId,
      target: { type: 'external_identity', id },
      detail: { providerId: provider.id, accountId, vip: profile.vip },
    });
    if (!isNew) await this.events.tellLinked(tx, account, provider.name);
    return id;
  }

  /** Keeps what the provider says now in place of all it said before. */
  async refresh(tx: Tx, actor: AuditActor, before: ExternalIdentityRow, profile: ExternalProfile): Promise<void> {
    await this.identities.refresh(tx, before.id, profile, this.clock.now());
    await this.recordVip(tx, actor, before, profile.vip);
  }

  /** The same in a transaction of its own: for the job, which acts by itself. */
  refreshAlone(actor: AuditActor, before: ExternalIdentityRow, profile: ExternalProfile): Promise<void> {
    return this.unitOfWork.asSystem((tx) => this.refresh(tx, actor, before, profile));
  }

  /**
   * The provider no longer speaks of this person to us, so it no longer says that they are a VIP. The rest stays as of when it last did. Nothing
   * happens when a sign-in has brought a new grant meanwhile.
   */
  async fallSilent(
    actor: AuditActor,
    identity: ExternalIdentityRow,
    grant: Pick<ExternalGrantRow, 'identityId' | 'version'>,
  ): Promise<void> {
    await this.unitOfWork.asSystem(async (tx) => {
      if (!(await this.identities.dropGrant(tx, grant))) return;
      await this.identities.endVip(tx, identity.id);
      const target = { type: 'external_identity', id: identity.id };
      await this.events.record(tx, { actor, action: 'external_identity.grant_ended', organisationId: null, target });
      await this.recordVip(tx, actor, identity, false);
    });
  }

  /** Raises `federation/identity_not_found` when the account has no such identity. */
  async unlink(tx: Tx, actor: AuditActor, identity: ExternalIdentityRow, provider: Pick<Provider, 'id' | 'organisationId'>): Promise<void> {
    const { id, accountId } = identity;
    if (!(await this.identities.delete(tx, accountId, id))) throw federationErrors.identity_not_found();
    await this.events.record(tx, {
      actor,
      action: 'external_identity.unlinked',
      organisationId: provider.organisationId,
      target: { type: 'external_identity', id },
      detail: { providerId: provider.id, accountId },
    });
  }

  private async recordVip(tx: Tx, actor: AuditActor, before: ExternalIdentityRow, vip: boolean): Promise<void> {
    if (before.vip === vip) return;
    const target = { type: 'external_identity', id: before.id };
    await this.events.record(tx, { actor, action: 'external_identity.vip_changed', organisationId: null, target, detail: { vip } });
  }
}
