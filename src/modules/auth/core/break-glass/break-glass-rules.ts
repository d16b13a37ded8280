/** Why staff may look into an organisation's own data. The organisation is told which it was. */
export const BREAK_GLASS_REASONS = [
  'customer_request',
  'incident',
  'security_review',
  'billing_dispute',
  'legal_request',
  'data_subject_request',
] as const;

export type BreakGlassReason = (typeof BREAK_GLASS_REASONS)[number];

/** A number in somebody's ticket system: its form leaves no room for a name or a sentence. */
export const TICKET = /^[A-Za-z0-9][A-Za-z0-9._/#-]{0,39}$/;

export const LONGEST_BREAK_GLASS_MINUTES = 240;
