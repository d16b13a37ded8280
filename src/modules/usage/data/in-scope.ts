import type { Tx, UnitOfWork } from '../../../platform/database/unit-of-work.js';
import type { CallScope } from '../usage-analytics.contract.js';

/** One transaction for reading calls: bound to the organisation by the database where there is one (A3), of all tenants otherwise. */
export function inScope<T>(unitOfWork: UnitOfWork, { organisationId }: CallScope, work: (tx: Tx) => Promise<T>): Promise<T> {
  return organisationId === undefined ? unitOfWork.asSystem(work) : unitOfWork.forOrganisation(organisationId, work);
}
