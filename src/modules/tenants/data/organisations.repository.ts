import { Injectable } from '@nestjs/common';
import { In } from 'typeorm';
import type { OrganisationId } from '../../../kernel/ids.js';
import { oldestFirst } from '../../../platform/database/pages.js';
import { violatedConstraint } from '../../../platform/database/sql-states.js';
import type { Tx } from '../../../platform/database/unit-of-work.js';
import type { OrganisationKind, OrganisationStatus, OrganisationSummary } from '../tenants.contract.js';
import { tenantsErrors } from '../tenants.errors.js';
import { OrganisationEntity } from './organisation.entity.js';

/** What the directory keeps in memory of an organisation. */
export interface OrganisationState {
  readonly id: OrganisationId;
  readonly kind: OrganisationKind;
  readonly status: OrganisationStatus;
}

@Injectable()
export class OrganisationsRepository {
  /** Raises `tenants/slug_taken` and `tenants/operator_exists`; the transaction is then of no more use. */
  async insert(tx: Tx, organisation: OrganisationSummary): Promise<void> {
    try {
      await tx.insert(OrganisationEntity, { ...organisation, memberNetworks: [...organisation.memberNetworks] });
    } catch (error) {
      const constraint = violatedConstraint(error);
      if (constraint === 'organisation_slug_key') throw tenantsErrors.slug_taken({ cause: error, details: { field: 'slug' } });
      if (constraint === 'organisation_one_operator') throw tenantsErrors.operator_exists({ cause: error });
      throw error;
    }
  }

  find(tx: Tx, id: OrganisationId): Promise<OrganisationSummary | null> {
    return tx.findOneBy(OrganisationEntity, { id });
  }

  findBySlug(tx: Tx, slug: string): Promise<OrganisationSummary | null> {
    return tx.findOneBy(OrganisationEntity, { slug });
  }

  findOperator(tx: Tx): Promise<OrganisationSummary | null> {
    return tx.findOneBy(OrganisationEntity, { kind: 'operator' });
  }

  /** The row, locked until the transaction ends, so that two changes follow one another. */
  lock(tx: Tx, id: OrganisationId): Promise<OrganisationSummary | null> {
    return tx.findOne(OrganisationEntity, { where: { id }, lock: { mode: 'pessimistic_write' } });
  }

  async update(tx: Tx, organisation: OrganisationSummary): Promise<void> {
    const { id, name, status, secondFactorRequired, memberNetworks, updatedAt } = organisation;
    const changed = { name, status, secondFactorRequired, memberNetworks: [...memberNetworks], updatedAt };
    await tx.update(OrganisationEntity, { id }, changed);
  }

  /** In the order they were made, at most `limit`. */
  list(tx: Tx, after: OrganisationId | undefined, limit: number): Promise<OrganisationSummary[]> {
    return tx.find(OrganisationEntity, oldestFirst({}, after, limit));
  }

  /** Those of `ids` that the transaction sees, in the order they were made, at most `limit`. */
  listAmong(tx: Tx, ids: readonly OrganisationId[], after: OrganisationId | undefined, limit: number): Promise<OrganisationSummary[]> {
    const wanted = after === undefined ? ids : ids.filter((id) => id > after);
    return tx.find(OrganisationEntity, { where: { id: In(wanted) }, order: { id: 'ASC' }, take: limit });
  }

  /** The states of all organisations the transaction sees, or of one. */
  states(tx: Tx, id?: OrganisationId): Promise<OrganisationState[]> {
    const query = 'SELECT id, kind, status FROM organisation';
    return id === undefined ? tx.query(query) : tx.query(`${query} WHERE id = $1`, [id]);
  }
}
