import { Injectable } from '@nestjs/common';
import { IsNull, Not } from 'typeorm';
import type { CapturedDomainId, OrganisationId } from '../../../kernel/ids.js';
import { oldestFirst } from '../../../platform/database/pages.js';
import { violatedConstraint } from '../../../platform/database/sql-states.js';
import type { Tx } from '../../../platform/database/unit-of-work.js';
import { federationErrors } from '../federation.errors.js';
import { CapturedDomain, type CapturedDomainRow } from './captured-domain.entity.js';

/** Rows of `captured_domain`. Besides row-level security every read of a tenant names the organisation (A3). */
@Injectable()
export class CapturedDomainsRepository {
  /** Raises `federation/domain_claimed`. */
  async insert(tx: Tx, domain: CapturedDomainRow): Promise<void> {
    await tx.insert(CapturedDomain, domain).catch((error: unknown) => {
      if (violatedConstraint(error) === 'captured_domain_organisation_id_domain_key')
        throw federationErrors.domain_claimed({ cause: error });
      throw error;
    });
  }

  find(tx: Tx, organisationId: OrganisationId, id: CapturedDomainId): Promise<CapturedDomainRow | null> {
    return tx.findOneBy(CapturedDomain, { organisationId, id });
  }

  /** The same, locked until the transaction ends. */
  lock(tx: Tx, organisationId: OrganisationId, id: CapturedDomainId): Promise<CapturedDomainRow | null> {
    return tx.findOne(CapturedDomain, { where: { organisationId, id }, lock: { mode: 'pessimistic_write' } });
  }

  /** Oldest first. */
  list(tx: Tx, organisationId: OrganisationId, after: CapturedDomainId | undefined, limit: number): Promise<CapturedDomainRow[]> {
    return tx.find(CapturedDomain, oldestFirst({ organisationId }, after, limit));
  }

  /** Whoever has proven it: for a sign-in, which names no organisation. The transaction must be a system one. */
  findProven(tx: Tx, domain: string): Promise<CapturedDomainRow | null> {
    return tx.findOneBy(CapturedDomain, { domain, verifiedAt: Not(IsNull()) });
  }

  /** Proven domains of all organisations: a page after the id `after`. The transaction must be a system one. */
  proven(tx: Tx, after: CapturedDomainId | undefined, limit: number): Promise<CapturedDomainRow[]> {
    return tx.find(CapturedDomain, oldestFirst({ verifiedAt: Not(IsNull()) }, after, limit));
  }

  /** Raises `federation/domain_taken` when another organisation has proven it first. */
  async update(tx: Tx, { id, organisationId, ...row }: CapturedDomainRow): Promise<void> {
    const { providerId, ssoRequired, verifiedAt, missingSince } = row;
    await tx
      .update(CapturedDomain, { id, organisationId }, { providerId, ssoRequired, verifiedAt, missingSince })
      .catch((error: unknown) => {
        if (violatedConstraint(error) === 'captured_domain_proven_once') throw federationErrors.domain_taken({ cause: error });
        throw error;
      });
  }

  async delete(tx: Tx, organisationId: OrganisationId, id: CapturedDomainId): Promise<boolean> {
    const { affected } = await tx.delete(CapturedDomain, { organisationId, id });
    return affected === 1;
  }
}
