import { hash } from 'node:crypto';
import { isId } from '../../../kernel/ids.js';
import type { MailId } from '../data/outgoing-mail.entity.js';
import type { SuppressionReason } from '../data/suppressed-address.entity.js';

/** One event, with what is kept of it, and the address only for as long as it takes to hash it. */
export interface DeliveryEvent {
  /** SHA-256 of SendGrid's own id, which holds the message's. */
  readonly id: string;
  readonly mailId: MailId | null;
  readonly event: string;
  readonly reason: string;
  readonly occurredAtMs: number;
  /** Present only where the event means that this address gets no more mail. */
  readonly suppress: { readonly email: string; readonly reason: SuppressionReason } | null;
}

const EVENTS: ReadonlySet<string> = new Set(['processed', 'deferred', 'delivered', 'dropped', 'bounce', 'spamreport', 'unsubscribe']);

/** SendGrid's `bounce_classification`; anything else it says is free text and is not kept. */
const REASONS: ReadonlyMap<string, string> = new Map([
  ['invalid address', 'invalid_address'],
  ['technical failure', 'technical'],
  ['content', 'content'],
  ['reputation', 'reputation'],
  ['frequency/volume', 'volume'],
  ['mailbox unavailable', 'mailbox_unavailable'],
  ['unclassified', 'other'],
]);

/** SendGrid's words for a drop, which repeat why the address is on one of its own lists. */
const DROPPED: ReadonlyMap<string, SuppressionReason> = new Map([
  ['bounced address', 'bounced'],
  ['invalid', 'bounced'],
  ['spam reporting address', 'complained'],
  ['unsubscribed address', 'unsubscribed'],
]);

const LONGEST_ADDRESS = 320;
const MESSAGE_ID = /^<?([0-9a-f-]{36})@/;

/** What is kept of SendGrid's events; what is no event, or of a kind Lethe has no use for (opens and clicks: nobody is tracked), is left out. */
export function readSendgridEvents(body: unknown): DeliveryEvent[] {
  if (!Array.isArray(body)) return [];
  return body.flatMap((item: unknown) => {
    const event = typeof item === 'object' && item !== null ? readEvent(item as Record<string, unknown>) : null;
    return event === null ? [] : [event];
  });
}

function readEvent(item: Record<string, unknown>): DeliveryEvent | null {
  const { event, timestamp, sg_event_id: eventId, email } = item;
  if (typeof event !== 'string' || !EVENTS.has(event) || typeof eventId !== 'string' || typeof timestamp !== 'number') return null;
  const address = typeof email === 'string' && email.length <= LONGEST_ADDRESS ? email : null;
  const reason = suppressionOf(item);
  return {
    id: hash('sha256', eventId, 'base64url'),
    mailId: mailIdOf(item['smtp-id']),
    event,
    reason: reasonOf(item),
    occurredAtMs: timestamp * 1_000,
    suppress: address === null || reason === null ? null : { email: address, reason },
  };
}

/** Our Message-ID, whose left part is the mail's id. */
function mailIdOf(messageId: unknown): MailId | null {
  const id = typeof messageId === 'string' ? MESSAGE_ID.exec(messageId)?.[1] : undefined;
  return isId(id) ? (id as MailId) : null;
}

function reasonOf({ bounce_classification: classification, event }: Record<string, unknown>): string {
  if (typeof classification === 'string') return REASONS.get(classification.toLowerCase()) ?? 'other';
  return event === 'delivered' || event === 'processed' ? 'none' : 'other';
}

/** A `blocked` bounce is about us or about today, not about the address. */
function suppressionOf({ event, type, reason }: Record<string, unknown>): SuppressionReason | null {
  if (event === 'bounce') return type === 'blocked' ? null : 'bounced';
  if (event === 'spamreport') return 'complained';
  if (event === 'unsubscribe') return 'unsubscribed';
  return event === 'dropped' && typeof reason === 'string' ? (DROPPED.get(reason.toLowerCase()) ?? null) : null;
}
