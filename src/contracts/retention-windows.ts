import type { OrganisationId } from '../kernel/ids.js';
import type { WindowedClass } from './data-classes.js';

/** The least and the most days rows of one class are kept, over all organisations. */
export interface WindowSpan {
  readonly shortestDays: number;
  readonly longestDays: number;
}

/**
 * How long each data class is kept: the policy profile in force, the organisation's plan, and what the organisation asked for itself. From memory, so
 * the request path may ask; also the injection token. 0 days: never written to any store (C1).
 */
export abstract class RetentionWindows {
  /** Days that what is written now for this organisation is kept. Null: for what belongs to no organisation. */
  abstract days(dataClass: WindowedClass, organisationId: OrganisationId | null): number;
  /** What any organisation may have: partitions are made ahead for the longest and searched from the shortest. */
  abstract span(dataClass: WindowedClass): WindowSpan;
}
