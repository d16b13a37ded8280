import type { EntityManager } from 'typeorm';
import type { OrganisationId } from '../../kernel/ids.js';

declare const brand: unique symbol;
declare const contentBrand: unique symbol;

/** An open transaction. Only {@link UnitOfWork} makes one, so a repository that asks for it cannot be called outside. */
export type Tx = EntityManager & { readonly [brand]: 'tx' };

/** A transaction that acts as `lethe_content` at the moment: the tables of content are there for it, and nothing else is (C3). */
export type ContentTx = EntityManager & { readonly [contentBrand]: 'content' };

/**
 * Opens transactions; also the injection token. Keep network and KMS calls out of `work`: it runs while row locks are held.
 * An exception rolls everything back, the audit and outbox rows included.
 */
export abstract class UnitOfWork {
  /** One transaction in which the database itself hides the rows of every other organisation (A3). */
  abstract forOrganisation<T>(organisationId: OrganisationId, work: (tx: Tx) => Promise<T>): Promise<T>;

  /** One transaction that sees all tenants: for operators acting across organisations and for background workers. */
  abstract asSystem<T>(work: (tx: Tx) => Promise<T>): Promise<T>;

  /**
   * Acts as `lethe_content` for the time of `work`, inside an open transaction: reads what was kept of the organisation it was opened for, and writes
   * for any. Usage, and everything else, has no other way to content (C3). When `work` fails the transaction is over.
   */
  abstract withContent<T>(tx: Tx, work: (tx: ContentTx) => Promise<T>): Promise<T>;
}
