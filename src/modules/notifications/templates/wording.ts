import type { MessageKind } from '../notifications.contract.js';

/**
 * One paragraph. `{name}` stands for a value, `{service}` for what the service is called. One that names a value which was not given is left out.
 * `action` is the label of a link, whose address is the value `link`.
 */
export type Paragraph = string | { readonly action: string };

/** The text of one message. The subject shows no value: nothing anybody wrote gets into a header, or onto a locked screen. */
export interface Wording {
  readonly subject: string;
  readonly paragraphs: readonly Paragraph[];
}

/** What Lethe says in one language. */
export interface Language {
  /** BCP 47. */
  readonly tag: string;
  readonly greeting: string;
  /** Above the address of a link, for those whose mail program shows no links. */
  readonly linkBelow: string;
  /** The end of each mail. */
  readonly footer: string;
  /** The label of the link that ends mails of this kind. */
  readonly unsubscribe: string;
  /** What the page behind that link says. */
  readonly unsubscribePage: { readonly ask: string; readonly button: string; readonly done: string };
  /** Words for enums: roles, reasons, changes, methods. */
  readonly terms: Readonly<Record<string, string>>;
  readonly messages: Readonly<Record<MessageKind, Wording>>;
}
