import type { MessageKind } from '../../notifications.contract.js';

/** The kinds of notice an organisation is told of. */
const ORGANISATION_KINDS = [
  'invitation',
  'role_changed',
  'member_removed',
  'ownership_transferred',
  'break_glass_opened',
  'key_blocked',
  'key_suspected',
  'budget_threshold_crossed',
  'webhook_disabled',
  'certificate_expiring',
  'domain_record_missing',
  'domain_lost',
] as const satisfies readonly MessageKind[];

/** Sent by hand, to one endpoint, to see whether it works. */
export const TEST_EVENT_TYPE = 'webhook.test';

/** What an endpoint can ask to be told of. */
export const WEBHOOK_EVENT_TYPES: readonly string[] = [...ORGANISATION_KINDS.map(eventTypeOf), TEST_EVENT_TYPE];

/** `break_glass_opened` is `break.glass.opened` to a program. */
export function eventTypeOf(kind: MessageKind): string {
  return kind.replaceAll('_', '.');
}
