import type { TicketKind } from '../../data/ticket.entity.js';

const MINUTE_MS = 60_000;
const DAY_MS = 1_440 * MINUTE_MS;

export interface LinkKind {
  readonly lifetimeMs: number;
  /** Whether it works only in the browser that asked for it. */
  readonly isBound: boolean;
}

/**
 * What mailed links are good for, and how long. All but two work only in the browser that asked: somebody else's click, a mail scanner's or that of
 * a stranger to whom a mistyped address belongs, gains nothing. A change of address is confirmed by whoever is signed in, and taking it back must
 * work for an owner who has lost everything else.
 */
export const LINK_KINDS: Readonly<Record<TicketKind, LinkKind>> = {
  sign_up: { lifetimeMs: 60 * MINUTE_MS, isBound: true },
  // ASVS 4.0.3, 2.7.2.
  sign_in: { lifetimeMs: 10 * MINUTE_MS, isBound: true },
  step_up: { lifetimeMs: 10 * MINUTE_MS, isBound: true },
  recovery: { lifetimeMs: 30 * MINUTE_MS, isBound: true },
  email_change: { lifetimeMs: 60 * MINUTE_MS, isBound: false },
  email_undo: { lifetimeMs: 7 * DAY_MS, isBound: false },
};

/** Days from today on which a link may still expire. */
export const LONGEST_LINK_DAYS = 7;

/** How long the cookie lasts that binds a link to a browser: as long as the longest link that is bound. */
export const BROWSER_COOKIE_SECONDS = 3_600;

export const EVERY_LINK_KIND = Object.keys(LINK_KINDS) as readonly TicketKind[];
