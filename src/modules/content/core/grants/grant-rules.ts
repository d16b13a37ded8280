/** What a troubleshooting grant may cover: all calls of an organisation, those of one project, or those made with one key. */
export const GRANT_SCOPES = ['organisation', 'project', 'key'] as const;

export type GrantScope = (typeof GRANT_SCOPES)[number];

/** Why a customer lets payloads be kept for a while. */
export const GRANT_REASONS = ['failing_calls', 'wrong_answers', 'slow_calls', 'integration', 'security'] as const;

export type GrantReason = (typeof GRANT_REASONS)[number];

/** A number in somebody's ticket system: its form leaves no room for a name or a sentence. */
export const TICKET = /^[A-Za-z0-9][A-Za-z0-9._/#-]{0,39}$/;

/** Seven days (C5). */
export const LONGEST_GRANT_HOURS = 168;

/** At the same time, in one organisation: every replica holds them all in memory. */
export const MOST_OPEN_GRANTS = 20;
