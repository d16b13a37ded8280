import type { MessageKind } from '../notifications.contract.js';

/**
 * What a message is about, and so whether its reader may turn its mails off. `security`: never, since whoever takes an account over would turn
 * them off first. `organisation`: yes. `marketing`: nobody gets any without having asked for it (G4).
 */
export type MessageCategory = 'security' | 'organisation' | 'marketing';

/** What an account may turn off. */
export const OPTIONAL_CATEGORIES = ['organisation'] as const satisfies readonly MessageCategory[];

export type OptionalCategory = (typeof OPTIONAL_CATEGORIES)[number];

const OPTIONAL: Partial<Record<MessageKind, MessageCategory>> = {
  role_changed: 'organisation',
  webhook_disabled: 'organisation',
  budget_threshold_crossed: 'organisation',
  product_news: 'marketing',
};

export function categoryOf(kind: MessageKind): MessageCategory {
  return OPTIONAL[kind] ?? 'security';
}

/** Without the mail these lead nowhere, so where it cannot be sent the act that needs it must fail. The others only tell of something done. */
const CARRIES_A_STEP: ReadonlySet<MessageKind> = new Set<MessageKind>([
  'sign_in_link',
  'confirm_email',
  'email_change_confirm',
  'account_recovery',
  'invitation',
]);

export function carriesAStep(kind: MessageKind): boolean {
  return CARRIES_A_STEP.has(kind);
}
