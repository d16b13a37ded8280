import type { FindingSink } from './findings.ts';
import { kindOfKey } from './key-names.ts';
import { isPlaceholder } from './plausibility.ts';
import { looksRandom } from './randomness.ts';

/** Names of what holds several secrets: each is called after what it is for, as in `tokens: { github: … }`. */
const HOLDER = /(?:secrets|credentials|creds|passwords|(?:api|access|auth|secret|private)[_-]?keys|(?<!max[_-]?|num[_-]?|_)tokens)$/i;
/** Composer keeps tokens by the host they are for. */
const BY_HOST = /^(?:github|gitlab|bitbucket)-(?:oauth|token)$/;
const OPENING =
  /["'`\])]{0,2}\s{0,2}(?:=>|:=|[:=])?\s{0,2}(?:[({[]|(?:new )?[\w<>, .]{1,32}[({[]|[\w<>, .[\]]{1,48} ?= ?[({[]|\r?\n(?=[ \t]))/y;
/** One member, in quotes or not; commas, dashes and line ends before it. */
const MEMBER = /[\s,;-]{0,40}(?:["'`:]?([\w.-]{1,64})["'`]?\s{0,2}(?:=>|:=|[:=])\s{0,4})?["'`]?([^\s"'`,;{}[\]()<>]{1,512})["'`]?/y;
const MOST_MEMBERS = 64;

export function isHolder(name: string): boolean {
  return /s$/i.test(name) ? HOLDER.test(name) : BY_HOST.test(name);
}

/** The members of the block that opens behind `end`. What they hold must look drawn by chance: such blocks describe things, too. */
export function findInBlock(text: string, end: number, sink: FindingSink): void {
  OPENING.lastIndex = end;
  const opening = OPENING.exec(text);
  if (opening === null) return;
  let at = end + opening[0].length;
  for (let members = 0; members < MOST_MEMBERS; members++) {
    MEMBER.lastIndex = at;
    const found = MEMBER.exec(text);
    if (found === null) return;
    const [whole, name, value] = found as unknown as [string, string | undefined, string];
    const start = at + whole.lastIndexOf(value);
    at += whole.length;
    if (isHeld(name, value)) sink.add(start, start + value.length, 'credential');
  }
}

/** Whether a member of such a block is one of the secrets: drawn by chance, under a name that does not say otherwise, or none. */
export function isHeld(name: string | undefined, value: string): boolean {
  return (
    !/\s|^\d{4}-\d\d-\d\d/.test(value) &&
    looksRandom(value, 16) &&
    !isPlaceholder(value) &&
    (name === undefined || isHolder(name) || tells(name))
  );
}

/** `id`, `url` and `expires_at` stand beside the secret. */
const BESIDE =
  /(?:^|[_-])(?:id|url|uri|hash|path|file|sha\d*|digest|arn|at|ref|rev|revision|commit|integrity|checksum|host|name|version|[Ee]xpir\w*|issued|created|updated|date|time)s?$|(?:Id|Url|Uri|Hash|Path|At)$/;

function tells(name: string): boolean {
  return !BESIDE.test(name) && kindOfKey(`${name}_secret`) !== 'none';
}
