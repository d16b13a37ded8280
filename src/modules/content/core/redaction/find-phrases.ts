import type { FindingSink } from './findings.ts';

const PHRASE = /(?:mnemonic|seed(?:[ _-]?(?:phrase|words))?|(?:recovery|secret|backup|wallet)?[ _-]?phrase|wallet[ _-]?(?:seed|words))/iy;
/** In the same line or the next, with numbers before them or none. */
const WORDS =
  /(?: ?\([^()\n]{1,40}\))?[^a-zA-Z\n]{0,8}(?:is|are|:|=)?[^a-zA-Z\n]{0,8}(?:\n[ \t>*-]{0,12})?((?:\d{1,2}[.):]?\s?)?[a-z]{3,8}(?:[\s,|]{1,4}(?:\d{1,2}[.):]?\s?)?[a-z]{3,8}){11,23})(?![a-z])/y;

/** The twelve to twenty-four words of a wallet (BIP 39), behind a name for them. */
export function findSeedPhrase(text: string, start: number, sink: FindingSink): number | undefined {
  PHRASE.lastIndex = start;
  if (!PHRASE.test(text)) return undefined;
  WORDS.lastIndex = PHRASE.lastIndex;
  const words = WORDS.exec(text);
  if (words === null || ENGLISH.test(words[1] as string)) return undefined;
  sink.add(WORDS.lastIndex - (words[1] as string).length, WORDS.lastIndex, 'prose');
  return WORDS.lastIndex;
}

/** Words no list of BIP 39 has, and no sentence is without. */
const ENGLISH = /\b(?:the|and|for|are|was|with|from|not|has|his|her|which)\b/;
