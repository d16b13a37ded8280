import { ENGLISH } from './english.js';
import { GERMAN } from './german.js';
import { SIMPLIFIED_CHINESE } from './simplified-chinese.js';
import type { Language } from './wording.js';

/** A language is added here, and in a file that says everything in it; the type checker names what is missing. */
export const LANGUAGES: readonly Language[] = [ENGLISH, GERMAN, SIMPLIFIED_CHINESE];

/** Subtags of Chinese whose readers are used to traditional characters; they get English until there is a file for them. */
const TRADITIONAL = /-(hant|tw|hk|mo)\b/i;

/** The language to address a reader of `locale` (BCP 47) in. English when there is none nearer. */
export function languageFor(locale: string): Language {
  const wanted = locale.toLowerCase();
  const base = wanted.split('-')[0];
  if (base === 'zh') return TRADITIONAL.test(wanted) ? ENGLISH : SIMPLIFIED_CHINESE;
  return LANGUAGES.find(({ tag }) => tag === base) ?? ENGLISH;
}

/** The first language of an `Accept-Language` header that there is; weights are rare enough in practice to read it in order. */
export function languageAccepted(header: string | undefined): Language {
  const first = (header ?? '').slice(0, 200).split(/[,;]/)[0]?.trim() ?? '';
  return languageFor(first);
}
