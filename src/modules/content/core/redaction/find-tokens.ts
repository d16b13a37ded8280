import { endOfRun, isIn, isWordStart, startOfRun } from './character-classes.ts';
import { eachMatch } from './each-match.ts';
import type { FindingSink } from './findings.ts';
import { isPlaceholder, isPublished } from './plausibility.ts';
import { looksRandom } from './randomness.ts';
import type { TokenPattern, TokenShape } from './token-shapes.ts';

const LONGEST_TOKEN = 16_384;
/** What is judged of a token. */
const JUDGED = 192;
/** A run as long as this that begins like a token and is none is not tried again at each of its pieces. */
const LONG_RUN = 160;
const NEXT_TRY = 48;
const LONGEST_WORD = 160;
const MOST_LINES = 40;
/** Lines of a broken token are at least as long, but for the last. */
const BROKEN_LINE = 40;
const CONTINUED = /(?:\\?\r?\n|\\)[ \t]{0,32}/y;

/** A token that begins with a known prefix at a word's beginning. Gives where it ends, or nothing. */
export function findShape(text: string, start: number, shape: TokenShape, sink: FindingSink): number | undefined {
  if (!text.startsWith(shape.prefix, start) || !isWordStart(text, start)) return undefined;
  const body = start + shape.prefix.length;
  let end = endOfRun(text, body, shape.characters, JUDGED);
  while (end > body && '.:'.includes(text[end - 1] as string)) end--;
  const value = text.slice(body, end);
  if (value.length < shape.minimum) {
    const wrapped = value.length >= 4 && !/^[a-z]+$/.test(value) ? endOfWrapped(text, end) : end;
    if (wrapped === end || wrapped - body < shape.minimum) return undefined;
    sink.add(start, wrapped, 'token');
    return wrapped;
  }
  if (isPublished(text.slice(start, start + JUDGED))) return undefined;
  const isToken = shape.weak ? looksRandom(value, shape.minimum) && !isPlaceholder(value) : isTokenBody(value);
  if (!isToken) return value.length > LONG_RUN ? body + NEXT_TRY : undefined;
  if (value.length >= JUDGED - 2) end = endOfRun(text, end, shape.characters, LONGEST_TOKEN);
  end = endOfWrapped(text, endOfParts(text, end));
  sink.add(start, end, 'token');
  return end;
}

/** Many tokens have parts, put together with dots and the signs of base64: a part that looks random goes with the one before it. */
function endOfParts(text: string, end: number): number {
  if (!'.+/=~:'.includes(text[end] ?? ' ')) return end;
  const next = endOfRun(text, end, 'any', LONGEST_TOKEN);
  return looksRandom(text.slice(end, next), 12) ? next : end;
}

/** Behind a prefix nobody else uses, anything but words and placeholders is a token. */
function isTokenBody(value: string): boolean {
  if (isPlaceholder(value)) return false;
  return looksRandom(value, 8) || (!/[-_. ]/.test(value) && /\d/.test(value));
}

/** A terminal or a mail program broke the token, a long one more than once: each next line begins with more of it. */
function endOfWrapped(text: string, end: number): number {
  let last = end;
  for (let lines = 0; lines < MOST_LINES; lines++) {
    const next = endOfNextLine(text, last);
    if (next === last || next - last < BROKEN_LINE) return next;
    last = next;
  }
  return last;
}

/** The next line begins with the rest of it, and holds nothing else up to a space or quote. */
function endOfNextLine(text: string, end: number): number {
  CONTINUED.lastIndex = end;
  const gap = CONTINUED.exec(text);
  if (gap === null) return end;
  const start = end + gap[0].length;
  const next = endOfRun(text, start, 'dotted', 512);
  const after = text[next];
  if (next - start < 8 || (after !== undefined && !/[\s"'`\\<,;)]/.test(after))) return end;
  return looksRandom(text.slice(start, next), 8) ? next : end;
}

/** A token that a structure gives away. `end` is where the literal ended that made us look. */
export function findPattern(text: string, end: number, candidate: TokenPattern, sink: FindingSink): number | undefined {
  const begin = end - candidate.literal.length;
  if (!text.startsWith(candidate.literal, begin)) return undefined;
  const start = candidate.at === 'literal' ? begin : startOfRun(text, begin, 'any', LONGEST_WORD);
  if (candidate.at === 'literal' && isIn(text, begin, 'alphanumeric') && !isWordStart(text, begin)) return undefined;
  for (const from of candidate.at === 'literal'
    ? [start]
    : [start, startOfRun(text, begin, 'word', LONGEST_WORD), startOfRun(text, begin, 'alphanumeric', LONGEST_WORD)]) {
    candidate.pattern.lastIndex = from;
    const found = candidate.pattern.exec(text);
    if (found === null || from + found[0].length < end) continue;
    const stop = endOfWrapped(text, from + found[0].length);
    sink.add(from, stop, 'token');
    return stop;
  }
  return undefined;
}

/** A word that calls itself a key of a kind, whoever made it: `acme_live_…`, `acme-secret-…`. The rest must look random. */
export function findMarked(text: string, end: number, sink: FindingSink): number | undefined {
  const start = startOfRun(text, end, 'word', 40);
  if (start > 0 && (isIn(text, start - 1, 'word') || '/.@'.includes(text[start - 1] as string))) return undefined;
  const stop = endOfRun(text, end, 'word', 1024);
  const value = text.slice(end, stop);
  if (isPublished(text.slice(start, end))) return undefined;
  if (value.length < 16 || !looksRandom(value, 16) || /[-_]/.test(value.slice(0, 8)) || !/\d/.test(value)) return undefined;
  sink.add(start, stop, 'token');
  return stop;
}

/** Tokens without a prefix or a literal: pairs of runs that only one provider writes so. */
const PAIRS: readonly RegExp[] = [
  // Discord bots: the bot's id in base64, a time, a MAC.
  /(?<![\w.-])[MNO][A-Za-z\d_-]{23,27}\.[A-Za-z\d_-]{6}\.[A-Za-z\d_-]{27,45}(?![\w.-])/g,
  // Zhipu: an id and its secret.
  /(?<![\w.-])[0-9a-f]{32}\.[A-Za-z0-9]{16}(?![\w.-])/g,
  // Facebook apps, Zoho, Salesforce sessions, Airtable, Mailchimp, Mailgun, fal.ai, Asana.
  /(?<![\w|])\d{13,17}\|[A-Za-z0-9_-]{20,60}/g,
  /(?<![\w.])1000\.[0-9a-f]{32}\.[0-9a-f]{32}(?![\w.])/g,
  /(?<!\w)00D[A-Za-z0-9]{12,15}![A-Za-z0-9._]{60,200}/g,
  /(?<!\w)pat[A-Za-z0-9]{14}\.[0-9a-f]{64}(?!\w)/g,
  /(?<!\w)[0-9a-f]{32}-(?:us\d{1,2}|[0-9a-f]{8}-[0-9a-f]{8})(?!\w)/g,
  /(?<!\w)[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}:[0-9a-f]{32}(?!\w)/g,
  // DeepL, of its free plan.
  /(?<!\w)[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}:fx(?!\w)/g,
  /(?<!\w)[12]\/\d{10,20}(?:\/\d{10,20})?:[0-9a-f]{32}(?!\w)/g,
  // Microsoft Entra refresh tokens, X bearer tokens, Elastic keys in their own wording.
  /(?<![\w.-])[01]\.A[A-Za-z0-9_-]{20,60}\.[A-Za-z0-9_.-]{100,2000}/g,
  /(?<![\w%])A{20,22}[A-Za-z0-9%+/=_-]{60,120}/g,
  /(?<![\w+])4b1d[A-Za-z0-9]{38}(?!\w)/g,
  /(?<!\w)[A-Za-z0-9]{6}_[A-Za-z0-9]{29}_mmk(?!\w)/g,
  /(?<!\w)pi_[A-Za-z0-9]{20,30}_secret_[A-Za-z0-9]{20,30}/g,
  /(?<![\w+/-])AGE-SECRET-KEY-1[A-Z0-9]{50,64}/g,
  /(?<![\w-])xoxe(?:\.xox[bp])?-\d-[A-Za-z0-9]{40,200}/g,
  /(?<!\w)https:\/\/(?:[a-z0-9-]{1,63}\.(?:tines\.com\/webhook|webhook\.office\.com\/webhookb2|m\.pipedream\.net)|hook\.[a-z0-9.]{2,20}make\.com)\/[^\s"'<>\\]{8,400}/g,
  /(?<!\w)https:\/\/(?:hooks\.slack\.com\/(?:services|workflows|triggers)|discord(?:app)?\.com\/api\/webhooks|hooks\.zapier\.com\/hooks\/catch|maker\.ifttt\.com\/trigger|chat\.googleapis\.com\/v1\/spaces|open\.feishu\.cn\/open-apis\/bot|open\.larksuite\.com\/open-apis\/bot)\/[^\s"'<>\\]{8,400}/g,
  /(?<=softlayer\.com\/[a-z]{2,8}\/v\d(?:\.\d)?\/)[a-z0-9]{64}/g,
  // A registry's container tokens, Azure's; Sentry's and npm's older ones need their names.
  /(?<![\w+/])[A-Za-z0-9+/]{42}\+ACR[A-Za-z0-9]{6}(?!\w)/g,
  /(?<!\w)[0-9a-f]{32}FFFFNRAL(?!\w)/g,
  // Names of messages are as long, of words between underscores.
  /(?<!\w)(?!(?:[A-Za-z0-9-]{0,24}_){6})[A-Za-z0-9_-]{60,68}_[A-Za-z0-9]{4}_[A-Za-z0-9-]{0,40}/g,
  // Ghost, Ably, Bitwarden's machine accounts; keys of Bitcoin and Stellar wallets, of NATS and NEAR.
  /(?<![\w:])[0-9a-f]{24}:[0-9a-f]{64}(?!\w)/g,
  /(?<![\w.-])[A-Za-z0-9_-]{6}\.[A-Za-z0-9_-]{6}:[A-Za-z0-9_-]{40,46}(?![\w-])/g,
  /(?<!\w)0\.[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\.[A-Za-z0-9]{20,40}:[A-Za-z0-9+/]{20,30}={0,2}/g,
  /(?<![\w+/=.-])(?:5[HJK][1-9A-HJ-NP-Za-km-z]{49}|[KLc][1-9A-HJ-NP-Za-km-z]{51})(?![\w+/=.-])/g,
  /(?<![\w+/=.-])S(?:[A-D][A-Z2-7]{54}|[ACNOUX][A-Z2-7]{56})(?![\w+/=.-])/g,
  /(?<!\w)ed25519:[1-9A-HJ-NP-Za-km-z]{80,90}(?!\w)/g,
  // crates.io, Jenkins, Adyen, Azure DevOps, joining a cluster of k3s.
  /(?<!\w)(?:cio[A-Za-z0-9]{32}|11[0-9a-f]{32}|AQE[A-Za-z0-9]{1,4}[\w*+/=-]{80,200}|[A-Za-z0-9]{76}AZDO[A-Za-z0-9]{4})(?!\w)/g,
  /(?<!\w)K10[0-9a-f]{64}::[a-z]{4,8}:[A-Za-z0-9]{8,64}/g,
  // Telnyx.
  /(?<!\w)KEY[0-9A-F]{32,33}_[A-Za-z0-9]{16,32}(?!\w)/g,
  // Sanity, Pushbullet.
  /(?<![\w+/=.-])(?:sk(?=[a-zA-Z]*\d)[A-Za-z0-9]{78,180}|o\.(?=[A-Za-z]*\d)[A-Za-z0-9]{32})(?![\w+/=.-])/g,
  // The two hashes that Windows keeps of a password, as they are dumped.
  /(?<=:\d{3,10}:)[0-9a-f]{32}:[0-9a-f]{32}(?=:::)/g,
  // Recovery keys of BitLocker, product keys; ngrok.
  /(?<![\w-])(?:\d{6}(?:-\d{6}){7}|(?=[A-Z-]*\d)(?=[\d-]*[A-Z])[A-Z\d]{5}(?:-[A-Z\d]{5}){4})(?![\w-])/g,
  /(?<!\w)2[A-Za-z0-9]{26}_[A-Za-z0-9]{20,24}(?!\w)/g,
  /(?<!\w)[0-9a-f]{8}:[0-9a-f]{8}(?=@(?:gems|enterprise)\.contribsys)/g,
];

/** The addresses of webhooks that documents show end in nothing but the letter X. */
const EXAMPLE_ADDRESS = /^https:.*\/[xX*]{4,}$/;

/** `run` is a long piece of the text without a space, standing at `offset`. */
export function findPairs(run: string, offset: number, sink: FindingSink): void {
  if (!/\d/.test(run)) return;
  for (const pattern of PAIRS) {
    eachMatch(pattern, run, ({ 0: whole, index }) => {
      if (!EXAMPLE_ADDRESS.test(whole)) sink.add(offset + index, offset + index + whole.length, 'token');
    });
  }
  if (run.length < LEAST_ISSUED || !/[_-]/.test(run) || !/[A-Z]/.test(run)) return;
  eachMatch(ISSUED, run, (found) => {
    const [whole, prefix, body] = found as unknown as [string, string, string];
    if (IDS.test(prefix) || isPublished(whole) || !DRAWN.test(body) || !looksRandom(body, 28) || new Set(body).size === body.length) return;
    sink.add(offset + found.index, offset + found.index + whole.length, 'token');
  });
}

/**
 * How tokens are made since GitHub showed the way, whoever makes them: a short prefix, then at least thirty letters of both cases and
 * digits. Ids are made alike, but shorter, or of one case.
 */
const ISSUED = /(?<![\w./@\\-])([a-z][a-z0-9]{1,9}(?:[_-][a-z][a-z0-9]{0,9}){0,2})[_-]([A-Za-z0-9_-]{30,255})(?![\w=+/-])/g;
const LEAST_ISSUED = 33;
const DRAWN = /^(?=[^A-Z]*[A-Z])(?=[^a-z]*[a-z])(?=(?:\D*\d){2})[A-Za-z0-9_-]*[A-Za-z0-9]{20}/;
/** What names an object and opens none; digests; what a page sends along with its scripts. */
const IDS =
  /^(?:id|ids|msg|message|call|tool|toolu|srvtoolu|resp|response|chatcmpl|cmpl|gen|req|request|file|container|batch|msgbatch|thread|run|step|asst|vs|fc|rs|ws|ci|ig|evt|event|cus|ch|pi|pm|price|prod|sub|in|txn|acct|dpl|prj|team|user|usr|org|proj|project|conv|img|image|task|job|trace|span|commit|node|ref|sha\d{0,3}|nonce|ftjob|ft|blob|page|doc|item|order|inv|invoice|we|src|card|bank|pay|pk|phc|pub|public|etag|cache|hash|digest|checksum|integrity|v\d{1,2})(?:[_-]|$)/;
