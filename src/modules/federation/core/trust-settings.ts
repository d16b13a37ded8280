import type { OrganisationRole } from '../../../platform/http/permissions.js';

/** When a sign-in through the provider counts as two factors: never, when it says so in `amr` (RFC 8176), or always. */
export const SECOND_FACTOR_TRUST = ['never', 'amr', 'always'] as const;
export type SecondFactorTrust = (typeof SECOND_FACTOR_TRUST)[number];

/** How far any provider is believed, and what becomes of people it brings. */
export interface TrustSettings {
  /** An installation's provider: domains whose e-mail addresses it may vouch for, `*` for all. An organisation's: its proven domains, whatever stands here. */
  readonly trustedEmailDomains: readonly string[];
  /** Whether people without an account get one. */
  readonly allowsSignUp: boolean;
  /** An organisation's provider: the role of people who are no members yet; null: they stay outside. */
  readonly memberRole: Exclude<OrganisationRole, 'owner'> | null;
  readonly secondFactor: SecondFactorTrust;
}
