import { isIn } from './character-classes.ts';
import type { FindingSink } from './findings.ts';
import { isPlaceholder } from './plausibility.ts';
import { looksRandom } from './randomness.ts';

/** What people write of a credential that does not work, or that must not be seen: it needs no name then. */
export const REFUSALS: readonly string[] = ` 401| 403|unauthorized|unauthenticated|forbidden|no access|not work|expired|invalid
 fail|falla|choue| fehl|remove before|t commit|delete before
 rotate| revoke|leaked|exposed|hard-coded|hardcoded|checked in|committed`.split(/[|\n]/);

const AROUND = 200;
/** "… with X I get a 401", in the languages prompts are written in. */
const TRIED =
  /(?<![\wа-я])(?:with|using|use|mit|verwende|nutze|avec|utilise|con|uso|utilizo|com|med|met|usando|utilizando|с|z|ze|ile|kanssa|found|leaked|committed|pushed|exposed|[-=]>)[ ]+(?:[a-z]{1,12} ){0,3}["'`*]{0,2}(?=[^\s"'`*]{16})/gi;
/** Ids and digests are told of in such sentences too. */
const NAMED =
  /^(?:(?:req|request|msg|call|toolu|chatcmpl|resp|run|trace|id|file|user|usr|org|proj|sha\d{1,3})[-_:]|https?:|\/|\.|[0-9a-f]{7,40}$|[0-9a-f]{64}$|[0-9a-f-]{36}$)/i;

/** Looks at the sentence around what says so. Gives where the search may go on. */
export function findRefused(text: string, start: number, end: number, sink: FindingSink): number {
  const before = text.slice(Math.max(0, start - AROUND), start);
  const from = start - before.length + before.lastIndexOf('\n') + 1;
  const behind = text.slice(end, end + AROUND);
  const newline = behind.indexOf('\n');
  const until = end + (newline < 0 ? behind.length : newline);
  for (const found of text.slice(from, until).matchAll(TRIED)) {
    const place = from + found.index + found[0].length;
    let stop = place;
    while (stop < text.length && stop - place < 512 && isIn(text, stop, 'any')) stop++;
    while (stop > place && '.:'.includes(text[stop - 1] as string)) stop--;
    const value = text.slice(place, stop);
    if (/\d/.test(value) && looksRandom(value, 16) && !NAMED.test(value) && !isPlaceholder(value)) sink.add(place, stop, 'prose');
  }
  return until;
}
