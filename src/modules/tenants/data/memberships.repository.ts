import { Injectable } from '@nestjs/common';
import { MoreThan } from 'typeorm';
import type { AccountId, OrganisationId } from '../../../kernel/ids.js';
import { violatedConstraint } from '../../../platform/database/sql-states.js';
import type { Tx } from '../../../platform/database/unit-of-work.js';
import type { AccessPolicy, Membership } from '../tenants.contract.js';
import { tenantsErrors } from '../tenants.errors.js';
import { MembershipEntity } from './membership.entity.js';

type Member = Pick<Membership, 'organisationId' | 'accountId'>;

@Injectable()
export class MembershipsRepository {
  /** Raises `tenants/already_member` and `tenants/organisation_not_found`; the transaction is then of no more use. */
  async insert(tx: Tx, membership: Membership): Promise<void> {
    await inOurWords(tx.insert(MembershipEntity, { ...membership, updatedAt: membership.createdAt }));
  }

  find(tx: Tx, organisationId: OrganisationId, accountId: AccountId): Promise<Membership | null> {
    return tx.findOneBy(MembershipEntity, { organisationId, accountId });
  }

  /** In the order of their accounts, at most `limit`. */
  list(tx: Tx, organisationId: OrganisationId, after: AccountId | undefined, limit: number): Promise<Membership[]> {
    const where = { organisationId, ...(after === undefined ? {} : { accountId: MoreThan(after) }) };
    return tx.find(MembershipEntity, { where, order: { accountId: 'ASC' }, take: limit });
  }

  /** Every one of an account, the oldest first, with what the organisation asks of its members. Sees all of them in a system transaction only. */
  ofAccount(tx: Tx, accountId: AccountId): Promise<(Membership & AccessPolicy)[]> {
    return tx.query(
      `SELECT m.organisation_id AS "organisationId", m.account_id AS "accountId", m.role, m.source, m.created_at AS "createdAt",
         o.second_factor_required AS "secondFactorRequired", o.member_networks AS "memberNetworks"
       FROM membership m JOIN organisation o ON o.id = m.organisation_id
       WHERE m.account_id = $1 ORDER BY m.created_at, m.organisation_id`,
      [accountId],
    );
  }

  /**
   * Makes changes to who owns an organisation follow one another until the transaction ends. Rows that refer to the organisation can still be added
   * meanwhile.
   */
  async lockOwnership(tx: Tx, organisationId: OrganisationId): Promise<void> {
    await tx.query('SELECT FROM organisation WHERE id = $1 FOR NO KEY UPDATE', [organisationId]);
  }

  /** Makes one account found one organisation at a time, until the transaction ends. */
  async lockFounding(tx: Tx, accountId: AccountId): Promise<void> {
    await tx.query(`SELECT pg_advisory_xact_lock(hashtextextended('found organisation ' || $1, 0))`, [accountId]);
  }

  countOwners(tx: Tx, organisationId: OrganisationId): Promise<number> {
    return tx.countBy(MembershipEntity, { organisationId, role: 'owner' });
  }

  /** Raises `tenants/last_owner` when the database has to say so; the transaction is then of no more use. */
  async changeRole(tx: Tx, member: Pick<Membership, 'organisationId' | 'accountId' | 'role'>, at: Date): Promise<void> {
    const { organisationId, accountId, role } = member;
    await inOurWords(tx.update(MembershipEntity, { organisationId, accountId }, { role, updatedAt: at }));
  }

  /** Raises `tenants/last_owner` when the database has to say so; the transaction is then of no more use. */
  async remove(tx: Tx, member: Member): Promise<void> {
    const { organisationId, accountId } = member;
    await inOurWords(tx.delete(MembershipEntity, { organisationId, accountId }));
  }
}

async function inOurWords(write: Promise<unknown>): Promise<void> {
  try {
    await write;
  } catch (error) {
    const constraint = violatedConstraint(error);
    if (constraint === 'membership_pkey') throw tenantsErrors.already_member({ cause: error });
    if (constraint === 'membership_organisation_id_fkey') throw tenantsErrors.organisation_not_found({ cause: error });
    if (constraint === 'membership_keeps_an_owner') throw tenantsErrors.last_owner({ cause: error });
    throw error;
  }
}
