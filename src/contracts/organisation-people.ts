import type { AccountId, OrganisationId } from '../kernel/ids.js';
import type { Tx } from '../platform/database/unit-of-work.js';
import type { OrganisationRole } from '../platform/http/permissions.js';

/** Somebody mail reaches: their address is known to be theirs. */
export interface ReachablePerson {
  readonly accountId: AccountId;
  readonly email: string;
  /** BCP 47. */
  readonly locale: string;
}

/** An organisation as a mail names it, and those of its people it goes to. */
export interface ReachableOrganisation {
  readonly name: string;
  readonly people: readonly ReachablePerson[];
}

/**
 * Says who of an organisation can be written to, for machinery that must not know its people: notifications send what usage, auth or federation have to
 * tell, and none of these may read who belongs where and what their address is. One implementation, found by discovery; without one there is nobody to write to.
 */
export abstract class OrganisationPeople {
  /** Members with one of these roles, at most `limit` of them. The transaction must be a system one. Null when there is no such organisation. */
  abstract reach(
    tx: Tx,
    organisationId: OrganisationId,
    roles: readonly OrganisationRole[],
    limit: number,
  ): Promise<ReachableOrganisation | null>;
}
