import { endOfRun, isIn } from './character-classes.ts';
import { kindOfKey } from './key-names.ts';
import type { FindingSink } from './findings.ts';
import { isPlaceholder } from './plausibility.ts';
import { looksRandom } from './randomness.ts';

/** What armour says of the private keys it holds, and of those that both sides share. */
const ARMOURED = String.raw`(?:[A-Z0-9 ]{0,40}PRIVATE KEY[A-Z ]{0,10}|OpenVPN (?:Static|tls-crypt-v2 (?:client|server)) key(?: V\d)?)`;
const HEADER = new RegExp(`-{4,5} ?BEGIN ${ARMOURED}-{4,5}`, 'y');
const NEXT_ARMOUR = new RegExp(`-{4,5} ?(?:END|BEGIN) ${ARMOURED}-{0,5}`);
const LONGEST_KEY = 24_576;
const NOT_KEY_MATERIAL = /[^A-Za-z0-9+/=\s\\"',:;()+.-]/g;

/** A private key in PEM, PGP or SSH2 armour, with literal `\n` or real lines, its end missing or not. `at` is where `BEGIN` stands. */
export function findPrivateKey(text: string, at: number, sink: FindingSink): number | undefined {
  let start = at;
  while (start > 0 && '- '.includes(text[start - 1] as string) && at - start < 6) start--;
  while (text[start] === ' ') start++;
  HEADER.lastIndex = start;
  const header = HEADER.exec(text);
  if (header === null) return undefined;
  const body = start + header[0].length;
  const window = text.slice(body, body + LONGEST_KEY);
  // The next beginning ends the search too: of keys without an end, each is looked at once.
  const closing = NEXT_ARMOUR.exec(window);
  const end =
    closing?.[0].includes('END') === true && isKeyMaterial(window.slice(0, closing.index))
      ? body + closing.index + closing[0].length
      : endOfArmour(text, body);
  if (end - body < 24) return undefined;
  sink.add(start, end, 'private_key');
  return end;
}

/** Documents say how such keys begin and end, with words between. */
const RUN_OF_KEY = /[A-Za-z0-9+/=]{16}/;

function isKeyMaterial(body: string): boolean {
  return RUN_OF_KEY.test(body) && (body.match(NOT_KEY_MATERIAL)?.length ?? 0) <= body.length / 10;
}

/** Without an end line: the lines of base64 that follow, armour headers between them. */
function endOfArmour(text: string, from: number): number {
  const line = /(?:\\[nr]|[\s"'+\\]){0,80}(?:[A-Z][A-Za-z-]{2,20}: [^\n\\]{1,200}|[A-Za-z0-9+/=]{16,})/y;
  let end = from;
  for (let lines = 0; lines < 400; lines++) {
    line.lastIndex = end;
    const found = line.exec(text);
    if (found === null) break;
    end += found[0].length;
  }
  return end;
}

/** The private half of a PuTTY key file. `at` is behind `Private-Lines:`. */
export function findPuttyKey(text: string, at: number, sink: FindingSink): number | undefined {
  const count = /[ \t]*(\d{1,3})\s*(?:\\r)?(?:\\n)?/y;
  count.lastIndex = at;
  const found = count.exec(text);
  if (found === null) return undefined;
  const start = at + found[0].length;
  const mac = text.slice(start, start + LONGEST_KEY).indexOf('Private-MAC');
  const end = mac > 0 ? start + mac : endOfArmour(text, start);
  sink.add(start, Math.max(start, end), 'private_key');
  return end;
}

/** An armoured key that was put in base64 once more: the run of base64 lines around the given place. */
export function findEncodedKey(text: string, at: number, sink: FindingSink): number {
  // All of the first run at once: were it cut piece by piece, each piece would cost another pass over the whole text.
  const run = endOfRun(text, at, 'base64', text.length);
  const lines = /={0,2}(?:(?:\\n|\s){1,40}[A-Za-z0-9+/_-]{40,1024}={0,2}){0,400}/y;
  lines.lastIndex = run;
  const end = run + (lines.exec(text)?.[0].length ?? 0);
  sink.add(at, end, 'private_key');
  return end;
}

const LONGEST_AUTHORITY = 320;
const SAMPLE_USER = /^(?:user(?:name)?|login|name|account|scheme|proto(?:col)?)$/i;
const SAMPLE_PASSWORD =
  /^(?:pass(?:word|wd|phrase)?|pwd|secret|pw|your.*|my[-_ ]?(?:pass.*|pwd|pw|secret.*|token|key)|p4ss|credentials?|token|x+|\*+)$/i;

/** Sentry's address for reports holds a public key: its documents say that pages may show it. */
const OF_SENTRY = /^@o\d{1,12}\.ingest\.(?:[a-z]{2}\.)?sentry\.io\/\d/;

/** `scheme://user:password@host`, and a lone random user as in `https://TOKEN@host`. `at` is behind `://`. */
export function findUserInfo(text: string, at: number, sink: FindingSink): number | undefined {
  let end = at;
  let sign = -1;
  const limit = Math.min(text.length, at + LONGEST_AUTHORITY);
  while (end < limit && !/[\s"'`<>\\|]/.test(text[end] as string)) {
    if (text[end] === '@' && (sign < 0 || !/[/?#]/.test(text.slice(sign, end)))) sign = end;
    if (text[end] === ',' && sign > 0) break;
    end++;
  }
  if (sign <= at) return undefined;
  const colon = text.indexOf(':', at);
  if (colon < 0 || colon > sign) {
    const user = text.slice(at, sign);
    if (!looksRandom(user, 16) || isPlaceholder(user) || /[/?]/.test(user) || OF_SENTRY.test(text.slice(sign, end))) return undefined;
    sink.add(at, sign, 'connection');
    return sign;
  }
  const [user, password] = [text.slice(at, colon), text.slice(colon + 1, sign)];
  if (/[/?#]/.test(user) || /^\d{1,5}[/?#]/.test(password) || !isRealPassword(user, password)) return undefined;
  sink.add(colon + 1, sign, 'connection');
  if (looksRandom(user, 20)) sink.add(at, colon, 'connection');
  return sign;
}

function isRealPassword(user: string, password: string): boolean {
  if (password === '' || SAMPLE_PASSWORD.test(password) || /^[$<{[%*]|^\w*\$\{|^x+$/i.test(password) || /[{}]/.test(password)) return false;
  // RabbitMQ's and Airflow's own examples: whoever left them in place has nothing to hide.
  if (user === 'guest' && password === 'guest') return false;
  return !(SAMPLE_USER.test(user) && isPlaceholder(password));
}

/** The fields of a Kubernetes Secret. `at` is behind `kind: Secret`. Gives where its document was looked at to. */
export function findKubernetesSecret(text: string, at: number, sink: FindingSink): number {
  const before = text.slice(Math.max(0, at - LONGEST_KEY), at);
  const start = at - before.length + Math.max(0, before.lastIndexOf('\n---'));
  const behind = text.slice(at, at + LONGEST_KEY);
  const until = behind.indexOf('\n---');
  const end = at + (until < 0 ? behind.length : until);
  const document = text.slice(start, end);
  const section = /(?:^|\n)([ \t]*)(?:string)?[dD]ata:[ \t]*\n((?:\1[ \t]+[^\n]*(?:\n|$))+)/g;
  for (const found of document.matchAll(section)) {
    const body = found.index + found[0].length - (found[2] as string).length;
    for (const line of (found[2] as string).matchAll(/^[ \t]*["']?[\w.-]{1,128}["']?:[ \t]+["']?([^\s"'|>][^\n"']*)/gm)) {
      const value = line[1] as string;
      if (isPlaceholder(value)) continue;
      const place = start + body + line.index + line[0].length - value.length;
      sink.add(place, place + value.trimEnd().length, 'credential');
    }
  }
  return end;
}

const PARAMETER = /(?:response|nonce|cnonce|oauth_token|oauth_signature|oauth_nonce|signature|mac|token|hash)="?([^",\s]{8,512})/gi;
const SCHEME =
  /(?:bearer|basic|token|api-?key|key|digest|negotiate|ntlm|oauth|hawk|ssws|bot|jwt|dpop|splunk|geniekey|klaviyo-api-key|aws4-hmac-sha256|kong-jwt|apikey|secret|user|sso-key|pvetoken|session)\b[ :=]+(?:token="?)?/iy;

/** A scheme of a provider's own, `KakaoAK …`. What follows must look drawn by chance. */
const OWN_SCHEME = /[A-Za-z][A-Za-z-]{1,24} (?=\S{16})/y;

/** What follows the name of an Authorization header, to the end of its line or quote. */
export function findAuthorization(text: string, at: number, sink: FindingSink): number | undefined {
  const gap = /["'`\])]{0,3}\s{0,4}(?:=>|:=|[:=,])?\s{0,4}[fb]?["'`]{0,3}\s{0,2}/y;
  gap.lastIndex = at;
  const start = at + (gap.exec(text)?.[0].length ?? 0);
  SCHEME.lastIndex = start;
  const scheme = SCHEME.exec(text);
  OWN_SCHEME.lastIndex = start;
  const value = start + ((scheme ?? OWN_SCHEME.exec(text))?.[0].length ?? 0);
  if (scheme !== null && /^(?:digest|oauth|hawk|aws4|mac)/i.test(scheme[0])) {
    const end = endOfLine(text, value, 1024);
    for (const found of text.slice(value, end).matchAll(PARAMETER)) {
      const place = value + found.index + found[0].length - (found[1] as string).length;
      sink.add(place, place + (found[1] as string).length, 'header');
    }
    return end;
  }
  const first = text.slice(value, endOfCredential(text, value));
  if (first.length < 6 || isPlaceholder(first) || /^[A-Za-z_$][\w$]*\(/.test(first)) return undefined;
  // Behind a scheme stands a credential or a word; without one it has to look like a credential by itself.
  if (!looksRandom(first, 10) && (scheme === null || /^[A-Za-z._-]+$/.test(first))) return undefined;
  sink.add(value, value + first.length, 'header');
  return value + first.length;
}

const CREDENTIAL_END = new Set([' ', '\t', '\r', '\n', '"', '`', '<', '>', ',', ';', "'"]);

function endOfCredential(text: string, start: number): number {
  const limit = Math.min(text.length, start + 8192);
  let end = start;
  while (end < limit && !CREDENTIAL_END.has(text[end] as string)) end++;
  return end;
}

function endOfHeader(text: string, start: number, longest: number): number {
  const limit = Math.min(text.length, start + longest);
  let end = start;
  while (end < limit && !'\r\n"`<>'.includes(text[end] as string) && !(text[end] === "'" && !isIn(text, end + 1, 'alphanumeric'))) end++;
  return end;
}

function endOfLine(text: string, start: number, longest: number): number {
  const line = text.slice(start, start + longest);
  const end = line.search(/[\r\n]/);
  return start + (end < 0 ? line.length : end);
}

/** `Basic` credentials wherever they stand: base64 that decodes to `name:password`. `at` is behind the word and its space. */
export function findBasic(text: string, at: number, sink: FindingSink): number | undefined {
  const end = endOfRun(text, at, 'any', 1024);
  const value = text.slice(at, end);
  if (value.length < 8 || !/^[A-Za-z0-9+/_-]+={0,2}$/.test(value)) return undefined;
  const decoded = Buffer.from(value, 'base64').toString('latin1');
  if (!/^[\x20-\x7e\xa0-\xff]*:[\x20-\x7e\xa0-\xff]+$/.test(decoded)) return undefined;
  sink.add(at, end, 'header');
  return end;
}

const ATTRIBUTES =
  /^(?:path|domain|expires|max-age|samesite|priority|version|comment|_ga\w*|_gid|lang(?:uage)?|locale|theme|timezone|tz|consent)$/i;
const SESSION = /sess|sid$|^sid|token|auth|jwt|csrf|xsrf|remember|login|secret|credential|key|ticket|identity|account|user_?id/i;

/** The cookies of a `Cookie` or `Set-Cookie` header that identify a session, by name or because their value is random. */
export function findCookies(text: string, at: number, sink: FindingSink): number | undefined {
  const gap = /["'`\])]{0,3}\s{0,4}[:=,]\s{0,4}["'`]{0,2}/y;
  gap.lastIndex = at;
  const found = gap.exec(text);
  if (found === null) return undefined;
  const start = at + found[0].length;
  const end = endOfHeader(text, start, 8192);
  for (const pair of text.slice(start, end).matchAll(/([^=;\s]{1,128})=([^;\s]{4,8192})/g)) {
    const [whole, name, value] = pair as unknown as [string, string, string];
    if (ATTRIBUTES.test(name) || isPlaceholder(value)) continue;
    const identifies = (SESSION.test(name) && looksRandom(value, 8)) || kindOfKey(name) !== 'none' || looksRandom(value, 16);
    const place = start + pair.index + whole.length - value.length;
    if (identifies) sink.add(place, place + value.length, 'header');
  }
  return end;
}

/** The address of a Go data source, `user:password@tcp(host:port)/name`. `at` is where `@` stands. */
export function findDataSource(text: string, at: number, sink: FindingSink): undefined {
  const found = /(?:^|[\s"'`=])[\w.-]{1,64}:([^\s"'`]{2,128})$/.exec(text.slice(Math.max(0, at - 200), at));
  const password = found?.[1];
  if (password !== undefined && !isPlaceholder(password)) sink.add(at - password.length, at, 'connection');
}
