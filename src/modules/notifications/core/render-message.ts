import { assert } from '../../../kernel/assert.js';
import { MESSAGE_VALUES, type MessageKind, type MessageValues } from '../notifications.contract.js';
import { languageFor } from '../templates/languages.js';
import type { Language, Paragraph } from '../templates/wording.js';

/** A message in the reader's language, as plain text and as HTML that says the same. */
export interface RenderedMessage {
  readonly subject: string;
  readonly text: string;
  readonly html: string;
}

export interface Surroundings {
  /** What the service is called. */
  readonly service: string;
  /** Where its reader can end mails of this kind; null for those that cannot be ended. */
  readonly unsubscribeUrl: string | null;
}

const PLACEHOLDER = /\{(\w+)\}/g;
const LONGEST_NAME = 200;
const LONGEST_TEXT = 2_000;
const UNITS: Readonly<Record<string, string>> = { minutes: 'minute', hours: 'hour', days: 'day' };
const MOMENTS: ReadonlySet<string> = new Set(['until', 'when']);
const TERMS: ReadonlySet<string> = new Set(['role', 'reason', 'change', 'method']);
/** Line breaks, controls, and characters that hide or reorder text. */
const UNSAFE = /[\p{C}\u2028\u2029]+/gu;

/** What is wrong with the values of a message, or undefined: called before it is queued, while whoever made the mistake is still there to hear of it. */
export function valuesProblem(kind: MessageKind, values: MessageValues): string | undefined {
  const { needs, may }: { readonly needs: readonly string[]; readonly may: readonly string[] } = MESSAGE_VALUES[kind];
  const missing = needs.find((name) => values[name] === undefined);
  if (missing !== undefined) return `${kind} needs the value ${missing}`;
  const unknown = Object.keys(values).find((name) => !needs.includes(name) && !may.includes(name));
  if (unknown !== undefined) return `${kind} has no value ${unknown}`;
  if (values['link'] !== undefined && !isWebLink(values['link'])) return `the link of ${kind} is not an absolute one`;
  const moment = Object.keys(values).find((name) => MOMENTS.has(name) && Number.isNaN(new Date(values[name] as string).getTime()));
  return moment === undefined ? undefined : `the value ${moment} of ${kind} is not a moment`;
}

/** Renders a message whose values have been checked. */
export function renderMessage(kind: MessageKind, locale: string, values: MessageValues, around: Surroundings): RenderedMessage {
  const problem = valuesProblem(kind, values);
  assert(problem === undefined, problem ?? '');
  const language = languageFor(locale);
  const words = new Map(Object.entries(values).map(([name, value]) => [name, written(language, name, value)]));
  words.set('service', around.service);
  const { subject, paragraphs } = language.messages[kind];
  const shown = paragraphs.filter((paragraph) => placeholdersOf(paragraph).every((name) => words.has(name)));
  const link = String(values['link'] ?? '');
  const footer = filled(language.footer, words);
  return {
    subject,
    text: [
      language.greeting,
      ...shown.map((paragraph) => (typeof paragraph === 'string' ? filled(paragraph, words) : `${paragraph.action}:\n${link}`)),
      `-- \n${footer}`,
      ...(around.unsubscribeUrl === null ? [] : [`${language.unsubscribe}:\n${around.unsubscribeUrl}`]),
    ].join('\n\n'),
    html: page(language, subject, [
      `<p>${escapeHtml(language.greeting)}</p>`,
      ...shown.map((paragraph) => htmlOf(paragraph, { words, link, language })),
      `<hr><p><small>${escapeHtml(footer)}</small></p>`,
      ...(around.unsubscribeUrl === null
        ? []
        : [`<p><small><a href="${escapeHtml(around.unsubscribeUrl)}">${escapeHtml(language.unsubscribe)}</a></small></p>`]),
    ]),
  };
}

/** A page of its own: no script, no image, nothing to load. */
export function page(language: Language, title: string, body: readonly string[]): string {
  const head = `<meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>${escapeHtml(title)}</title>`;
  return `<!doctype html>\n<html lang="${language.tag}"><head>${head}</head>\n<body>\n${body.join('\n')}\n</body></html>\n`;
}

export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}

interface Filling {
  readonly words: ReadonlyMap<string, string>;
  readonly link: string;
  readonly language: Language;
}

function htmlOf(paragraph: Paragraph, { words, link, language }: Filling): string {
  if (typeof paragraph === 'string') return `<p>${escapeHtml(filled(paragraph, words))}</p>`;
  const href = escapeHtml(link);
  return `<p><a href="${href}"><strong>${escapeHtml(paragraph.action)}</strong></a></p>\n<p><small>${escapeHtml(language.linkBelow)}<br>${href}</small></p>`;
}

/** Values are put in once and never read again, so braces in a name stay what they are. */
function filled(text: string, words: ReadonlyMap<string, string>): string {
  return text.replace(PLACEHOLDER, (_, name: string) => words.get(name) ?? '');
}

function placeholdersOf(paragraph: Paragraph): string[] {
  return typeof paragraph === 'string' ? [...paragraph.matchAll(PLACEHOLDER)].map((match) => match[1] as string) : ['link'];
}

function written(language: Language, name: string, value: string | number): string {
  const unit = UNITS[name];
  if (unit !== undefined && typeof value === 'number')
    return new Intl.NumberFormat(language.tag, { style: 'unit', unit, unitDisplay: 'long' }).format(value);
  if (MOMENTS.has(name)) {
    const format = new Intl.DateTimeFormat(language.tag, { dateStyle: 'long', timeStyle: 'short', hourCycle: 'h23', timeZone: 'UTC' });
    return `${format.format(new Date(value))} UTC`;
  }
  if (TERMS.has(name) && Object.hasOwn(language.terms, value)) return language.terms[value] as string;
  if (name === 'link') return String(value);
  return cleaned(String(value), name === 'text' ? LONGEST_TEXT : LONGEST_NAME);
}

/**
 * A name somebody chose, on one line, bounded, and never a link: mail programs turn `evil.example` into one, and a name must not advertise an
 * address under our letterhead. A dot inside a word becomes one that looks the same.
 */
function cleaned(text: string, longest: number): string {
  const line = text.toWellFormed().replace(UNSAFE, ' ').trim();
  const short = Array.from(line).slice(0, longest).join('');
  return short.replace(/:\/\//g, ': ').replace(/(?<=\S)\.(?=\S)/g, '\u2024');
}

function isWebLink(value: string | number): boolean {
  const text = String(value);
  return text.length <= LONGEST_TEXT && /^https?:\/\/[^\s<>"'\\{}]+$/.test(text) && URL.canParse(text);
}
