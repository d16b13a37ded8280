import type { OrganisationId } from '../kernel/ids.js';
import type { WindowedClass } from './data-classes.js';

/**
 * How long each data class is kept: the policy profile in force, the organisation's plan, and what the organisation asked for itself. From memory, so
 * the request path may ask; also the injection token. 0 days: never written to any store (C1).
 */
export abstract class RetentionWindows {
  /** Days that what is written now for this organisation is kept. Null: for what belongs to no organisation, which has the longest of all plans. */
  abstract days(dataClass: WindowedClass, organisationId: OrganisationId | null): number;
  /** Every number of days in force for a class, over all plans and organisations, ascending: the days that partitions are made ahead for. */
  abstract inForce(dataClass: WindowedClass): readonly number[];
}
