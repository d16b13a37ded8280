import type { OrganisationId } from '../kernel/ids.js';
import type { Tx } from '../platform/database/unit-of-work.js';

/** Things of a module that a budget or a rate limit can be put on, beside organisations and projects. */
export type OwnedScope = 'key';

/**
 * Says whether a thing belongs to an organisation, for machinery that must not know its table: usage limits keys but may not read
 * auth's rows. One implementation per scope, collected by discovery; a scope nobody answers for has no members.
 */
export abstract class ScopeOwner {
  abstract readonly scope: OwnedScope;
  /** Whether `id` is a living one (not revoked) of this organisation, as this transaction sees it. */
  abstract owns(tx: Tx, organisationId: OrganisationId, id: string): Promise<boolean>;
}
