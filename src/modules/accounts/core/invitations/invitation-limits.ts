import { DAY_MS } from '../../../../kernel/clock.js';
import type { Pace } from '../../data/members/invitations.repository.js';

/** How long an invitation can be taken up. */
export const INVITATION_DAYS = 7;
export const INVITATION_MS = INVITATION_DAYS * DAY_MS;

/** How many of one organisation may wait at a time. */
export const MOST_PENDING = 200;

/** Mails of one organisation, whatever becomes of the invitations: nobody is to be written to by strangers without end. */
export const INVITATION_PACE: Pace = { burst: 100, perDay: 100 };

/** Mails of one invitation, and the least time between two. */
export const MOST_SENT = 5;
export const SEND_AGAIN_AFTER_MS = 60_000;
