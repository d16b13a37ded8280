import { isIn } from './character-classes.ts';
import type { FindingSink } from './findings.ts';
import { findInBlock, isHolder } from './find-blocks.ts';
import { findColumn, isCell } from './find-columns.ts';
import { findAuthorization, findCookies } from './find-structures.ts';
import { type KeyKind, kindOfKey } from './key-names.ts';
import { isChosen, isFingerprint, isPlaceholder, isSecretValue, isSessionNumber, type Standing } from './plausibility.ts';
import { looksLikePassword, looksRandom } from './randomness.ts';
import { endOfBare, type ReadValue, valueBehind } from './value-reader.ts';

const LONGEST_NAME = 80;
const URL_PARAMETER =
  /^(?:key|code|sig|signature|auth|sid|session|ticket|hmac|pw|pwd|pass|token|t|h|hash|apikey|access_?token|auth_?token|api[_-]key|ak|x-(?:amz|goog)-(?:signature|credential|security-token)|st|jwt|assertion|verifier|code_verifier)$/i;

/** Resource names of AWS and keys that are identifiers have such words as parts. */
const ARN = /(?:\barn:[\w:*/-]*|\bdid:)$/;

/** A name that may hold a secret: where it begins and ends, and what it says. */
interface Name {
  readonly start: number;
  readonly end: number;
  readonly kind: KeyKind;
  readonly text: string;
}

/** A letter of a name, accented ones included. */
function isName(text: string, index: number): boolean {
  if (isIn(text, index, 'name')) return true;
  const code = text.charCodeAt(index);
  return code >= 0xc0 && code < 0x2000;
}

/** What such a call takes says where the secret lies. */
const GETTER = /^(?:get|read|load|fetch|find|lookup|prompt|ask)(?:[A-Z_]|$)/;

/** The whole name around a trigger word found at `start`. */
function nameAround(text: string, start: number, end: number): Name {
  let from = start;
  while (from > 0 && start - from < LONGEST_NAME && isName(text, from - 1)) from--;
  let to = end;
  while (to < text.length && to - end < LONGEST_NAME && isName(text, to)) to++;
  while (to > end && '.-'.includes(text[to - 1] as string)) to--;
  const whole = text.slice(from, to);
  // Of a call, the method's own name counts: `password.normalize('NFC')` takes no password.
  const telling = text[to] === '(' ? whole.slice(whole.lastIndexOf('.') + 1) : whole;
  const kind = text[to] === '(' && GETTER.test(telling) ? 'none' : kindOfKey(telling);
  return { start: from, end: to, kind, text: whole };
}

/** Looks at the value of the name around `start`…`end`. Gives where the search may go on. */
export function findField(text: string, start: number, end: number, sink: FindingSink): number {
  const name = nameAround(text, start, end);
  if (isHolder(name.text)) findInBlock(text, name.end, sink);
  if (isInQuery(text, name) && URL_PARAMETER.test(name.text)) return findParameter(text, name, sink);
  if (
    name.kind === 'none' ||
    ARN.test(text.slice(Math.max(0, name.start - 64), name.start)) ||
    (text[name.start - 1] === '/' && text[name.start - 2] === '<') ||
    // A mark for whom to put in: `<user>:<password>@host`.
    (text[name.start - 1] === '<' && text[name.end] === '>' && text[name.end + 1] === '@') ||
    isReference(text, name) ||
    OF_A_NAME.test(text.slice(Math.max(0, name.start - 96), name.start)) ||
    (/^["']?\]/.test(text.slice(name.end, name.end + 2)) && /type=["']?$/.test(text.slice(Math.max(0, name.start - 6), name.start)))
  )
    return name.end;
  if (name.kind === 'authorization') return findAuthorization(text, name.end, sink) ?? name.end;
  if (name.kind === 'cookie') return findCookies(text, name.end, sink) ?? name.end;
  if (name.kind === 'key' && PUBLIC.test(text.slice(Math.max(0, name.start - 8), name.start))) return name.end;
  findBytes(text, name, sink);
  if (isCell(text, name.start, name.end)) findColumn(text, name.start, name.end, sink);
  return findValue(text, name, sink) ?? findInProse(text, name, sink) ?? name.end;
}

/** `{{ rabbit_password }}`, `$(DbPass)`, `${DB_PASSWORD}`: the name of what is put in, from elsewhere. */
function isReference(text: string, { start, end }: Name): boolean {
  return (
    (CLOSES_TEMPLATE.test(text.slice(end, end + 4)) && OPENS_TEMPLATE.test(text.slice(Math.max(0, start - 64), start))) ||
    // Robot Framework gives its variables a value that way, two spaces behind.
    (text[start - 2] === '$' &&
      !text.startsWith('  ', end + 1) &&
      ((text[start - 1] === '(' && text[end] === ')') || (text[start - 1] === '{' && (text[end] === '}' || text.startsWith(':?', end)))))
  );
}
const OPENS_TEMPLATE = /\{\{-? {0,2}[\w.$]{0,48}$/;
const CLOSES_TEMPLATE = /^ {0,2}-?\}\}/;
/** What stands before a name where a digest or an id follows, of that which is named: `checksum/secret: …`, "the id of the credential: …". */
const OF_A_NAME =
  /(?:\b(?:checksum|digest|sha\d{1,3})[/:]|\b(?:key)?ids? (?:of|for) (?:the |a |this |your )?|\bft:[\w.-]{1,40}:[\w-]{0,40}:)$/i;
/** The rest of a call, or the next attribute of an element: what stands between the end of one value in quotes and the beginning of another. */
const BETWEEN_QUOTES = /^[)\]}](?: |[;,.]\s)|^\s+[\w:-]{1,32}=["']$/;
/** What stands behind the name of a member, and not behind a value. */
const NAMES_MEMBER = /^["'`] {0,4}(?::|=>)/;

/** Whether what was read opens a block that the name stands for, is the name of the next field, or goes on where quotes close and open again. */
function isNext(text: string, name: Name, value: ReadValue): boolean {
  const behind = text.slice(value.end, value.end + 8);
  const gap = text.slice(name.end, value.start);
  const opens = /[[{]/.test(gap);
  if (opens && NAMES_MEMBER.test(behind)) return true;
  // What was masked was the value.
  if (gap.includes('***')) return true;
  if (value.standing === 'apart' && /^["']?:(?:\s|$)/.test(behind)) return true;
  return '"\'`'.includes(text[value.start - 1] as string) && BETWEEN_QUOTES.test(text.slice(value.start, value.end + 1));
}

function findValue(text: string, name: Name, sink: FindingSink): number | undefined {
  const before = text[name.start - 1];
  const quote = before === '"' || before === "'" || before === '`' ? before : undefined;
  const value = attributeBehind(text, name) ?? valueBehind(text, name.end, quote);
  if (value === undefined || isNext(text, name, value)) return undefined;
  const written = text.slice(value.start, value.end);
  const inside = written.includes('\n') ? written.replace(BROKEN, '$1$2') : written;
  const standing = standingOf(text, name, value.standing);
  // "Pass" is a verb more often than a password, but behind whom it belongs to.
  if (standing === 'loose' && /^pass_?$/i.test(name.text) && !ACCOUNT.test(text.slice(Math.max(0, name.start - 96), name.start)))
    return undefined;
  // A test that passes says what it has shown.
  if (text[name.end] === '(' && /^(?:[\w$]+\.)?pass$/.test(name.text) && (/\s/.test(inside) || !looksLikePassword(inside)))
    return undefined;
  // What a call gives is not written behind it, but in quotes: what a function returns, what a test expects.
  if (/^ ?\(\)/.test(text.slice(name.end, name.end + 3)) && !'"\'`'.includes(text[value.start - 1] as string)) return undefined;
  if (standing !== 'assigned' && isOfList(text, name, value)) return undefined;
  // The beginning of a token and then dots stand for any token.
  if (text.startsWith('..', value.end) && /[-_]$/.test(inside)) return undefined;
  if (isSessionNumber(name.text, inside)) return undefined;
  // How OpenPGP calls its keys: git and images are told that, and not the key.
  if (isFingerprint(inside) && /(?:signing|gpg|pgp)_?key$/i.test(name.text)) return undefined;
  // Where a shell is, and what a test has passed.
  if (/^(?:OLD)?PWD$/.test(name.text) && /^[/~]/.test(inside)) return undefined;
  if (name.text === 'PASS' && text.startsWith('--- ', name.start - 4)) return undefined;
  if (inside.length === 4) {
    const end = endOfGroups(text, value.start);
    if (end > 0 && isSecretValue(name.kind, text.slice(value.start, end).replaceAll(/[ -]/g, ''), 'assigned')) {
      sink.add(value.start, end, 'credential');
      return end;
    }
  }
  const scheme = /^(?:bearer|basic|token|apikey)\s+/i.exec(inside)?.[0].length ?? 0;
  if (!isSecretValue(name.kind, inside.slice(scheme), standing)) return undefined;
  sink.add(value.start + scheme, value.end, 'credential');
  return value.end;
}

const NEXT_LINE = /^(["']?),[ \t]{0,8}\r?\n[ \t]{0,40}\1$/;

/** Of names in a list one stands below the other, as in imports and in tables of keywords. What follows an option is its value. */
function isOfList(text: string, name: Name, value: ReadValue): boolean {
  const inside = text.slice(value.start, value.end);
  return (
    !name.text.startsWith('-') &&
    NEXT_LINE.test(text.slice(name.end, value.start)) &&
    /^[A-Za-z_$][\w$-]*$/.test(inside) &&
    !looksRandom(inside, 16)
  );
}

/** A value that goes on in the next line. */
const BROKEN = /^(\S{8,512})\r?\n[ \t]{0,16}(\S{8,512})$/;
/** Whom what follows belongs to. */
const ACCOUNT = /\b(?:user(?:name)?|login|account)\b(?:[:=]| is)? ?["'`]?[\w.@+-]{1,64}["'`]? ?(?:[/|,;]|and|with) ?$/i;
/** The seed of one-time codes as it is shown for copying by hand. */
const GROUPS = /(?:[a-z\d]{4}[ -]){3,15}[a-z\d]{4}(?![a-z\d-])/iy;

function endOfGroups(text: string, start: number): number {
  GROUPS.lastIndex = start;
  const groups = GROUPS.exec(text)?.[0];
  return groups !== undefined && /\d/.test(groups) && /[a-z]/i.test(groups) ? GROUPS.lastIndex : 0;
}

/** A key that is said to be public. */
const PUBLIC = /\bpublic $/i;
/** A key as a list of its bytes, as firmware and tests hold them. */
const BYTES =
  /["']?[^\n[{"']{0,40}(?:\[\w{0,4}\][^\n[{"']{0,8})?[[{]\s{0,8}((?:(?:0x[\da-f]{1,2}|\d{1,3})\s{0,4},\s{0,8}){15,127}(?:0x[\da-f]{1,2}|\d{1,3}))\s{0,4},?\s{0,8}[\]}]/iy;

function findBytes(text: string, name: Name, sink: FindingSink): void {
  if (name.kind !== 'secret' || !/[[{]/.test(text.slice(name.end, name.end + 50))) return;
  BYTES.lastIndex = name.end;
  const bytes = BYTES.exec(text)?.[1];
  if (bytes === undefined) return;
  const numbers = bytes.split(',').map(Number);
  // Vectors for tests count up, or repeat.
  if (new Set(numbers.map((each, index) => each - (numbers[index - 1] ?? 0))).size < numbers.length / 2) return;
  const start = name.end + text.slice(name.end, BYTES.lastIndex).lastIndexOf(bytes);
  sink.add(start, start + bytes.length, 'credential');
}

const ATTRIBUTE =
  /["'](?:\s{1,24}[\w:-]{1,32}=["'][^"'<>]{0,64}["']){0,6}\s{1,24}(?:[a-z]{1,16}:)?(?:value|content)=["']([^"'<>]{1,2048})["']/y;

/** `name="api_key" translatable="false">…<`: what the element holds, unless it says that it is a digest. */
const CONTENT =
  /(?:["']|(?=\s{1,8}[\w:-]{1,32}=["']))(?!\s{1,8}(?:digest|hash|alg(?:orithm)?)=)(?:\s{1,8}[\w:-]{1,32}=["'][^"'<>]{0,64}["']){0,6}\s{0,8}>(?:\s{0,16}<(?:value|string)>)?([^"'<>\s]{1,2048})</y;

/** `name="api_key" type="text" value="…"`: attributes of one element. */
function attributeBehind(text: string, name: Name): ReadValue | undefined {
  const next = text[name.end];
  const isQuoted = next === '"' || next === "'";
  if (!isQuoted && !(next === ' ' && '<:'.includes(text[name.start - 1] ?? '-'))) return undefined;
  return (isQuoted ? attribute(ATTRIBUTE, text, name.end, 'quoted') : undefined) ?? attribute(CONTENT, text, name.end, 'assigned');
}

function attribute(pattern: RegExp, text: string, end: number, standing: Standing): ReadValue | undefined {
  pattern.lastIndex = end;
  const found = pattern.exec(text);
  if (found === null) return undefined;
  const stop = pattern.lastIndex - 1;
  return { start: stop - (found[1] as string).length, end: stop, standing };
}

const QUOTED = /^ {1,3}["']/;

/** `--password value` and the lines of a .netrc are as good as an assignment. */
function standingOf(text: string, name: Name, standing: Standing): Standing {
  if (standing !== 'loose') return standing;
  if (name.text.startsWith('--') && text[name.end] === ' ') return QUOTED.test(text.slice(name.end, name.end + 4)) ? 'quoted' : 'assigned';
  return name.text === 'password' && /\blogin\s+\S{1,128}\s+$/.test(text.slice(Math.max(0, name.start - 160), name.start))
    ? 'assigned'
    : 'loose';
}

/** Capitals with a digit among them: nothing else that a key stands for is written so. */
const CAPITALS = /^(?=[A-Z]*\d)(?=\d*[A-Z])[A-Z\d]{12,64}$/;

function isInQuery(text: string, name: Name): boolean {
  const before = text[name.start - 1];
  return text[name.end] === '=' && (before === '?' || before === '&' || before === '#');
}

function findParameter(text: string, name: Name, sink: FindingSink): number {
  const start = name.end + 1;
  let end = start;
  while (end < text.length && end - start < 8192 && !/[&\s"'`<>\\#]/.test(text[end] as string)) end++;
  const value = text.slice(start, end);
  const decoded = value.includes('%') ? value.replace(/%[0-9a-f]{2}/gi, '+') : value;
  const isDrawn = looksRandom(decoded, 12) || (name.kind === 'secret' && CAPITALS.test(value));
  if (isSecretValue(name.kind, value, 'assigned') || (!isPlaceholder(value) && isDrawn)) sink.add(start, end, 'connection');
  return end;
}

const VERB = '(?:to be|is|was|to|be|now|are|ist|lautet|est|c.est|es|è|é|er|är|jest|zní|je|este|on|là|είναι|equals|para|auf|->)';
const DISTANT = new RegExp(
  String.raw`(?:['’]s(?= )|[ ,](?:[^\n"\`={}();<>]{0,64}?(?: ${VERB}:?|:| =)|${VERB}:?))[ ]+(?:still )?(?:now |set to |maintenant |jetzt |ahora |adesso |agora )?["'\`*«„“]{0,2}\s?`.replaceAll(
    '\\`',
    '`',
  ),
  'y',
);
/** "Your new token was created:", and below it nothing but the value. */
const BELOW =
  /[ ,:](?![^\n]{0,40}-----| ?<[\w -]{1,40}>[ \t]{0,4}\r?\n)[^\n]{0,80}\n(?:[ \t]{0,8}\r?\n)?(?:(?<=:[ \t]{0,8}\r?\n[ \t]{0,8}\r?\n?)(```)\w{0,12}\r?\n)?[ \t>$]{0,12}["'`]?(?=\S{16,1024}["'`]?[ \t]{0,8}(?:\r?\n|$))/y;
/** Somebody asks, and the line below begins with who answers. */
const ANSWER = /[^\n?]{0,80}\?\r?\n(?:\[[\d:. ]{4,20}\] ?)?<?[A-Za-z][\w.-]{0,24}>?: ["'`]?(?=\S{6,256}["'`]?[ \t]{0,8}(?:\r?\n|$))/y;
const LONGEST_QUESTION = 81;
/** "… provided. Trace ID: …": what the words before the value call an id. */
const OF_AN_ID = / ids?\b["'`:= is]*$/i;
/** Names for an account and its password together. */
const HOLDS_BOTH = /^(?:creds?|credentials?|credenciales|credenziali|identifiants|zugangsdaten|anmeldedaten|inloggegevens)$/i;
const PAIR =
  /(?: [\w ]{1,40}(?=: ))?["'`]?\s{0,2}(?:are|is|were|was|[:=])?\s{0,2}[([]?["'`]?[\w.@+-]{2,64}["'`]?\s{0,2}(?:\/|:|\||,|and)\s{0,2}["'`]?/y;

/** "The password for the staging database is …", "creds are admin / …": a value some words away must look like one by itself. */
function findInProse(text: string, name: Name, sink: FindingSink): number | undefined {
  for (const pattern of HOLDS_BOTH.test(name.text) ? [PAIR, DISTANT] : [DISTANT]) {
    const behind = bareBehind(pattern, text, name.end);
    if (behind === undefined) continue;
    const { gap, start, end, value } = behind;
    const plausible =
      name.kind === 'password' || pattern === PAIR
        ? looksLikePassword(value) || looksRandom(value, 12)
        : looksRandom(value, name.kind === 'secret' || name.kind === 'code' ? 12 : 16);
    if (
      !plausible ||
      OF_AN_ID.test(gap[0]) ||
      isPlaceholder(value) ||
      !isSecretValue(pattern === PAIR ? 'password' : name.kind, value, 'loose')
    )
      continue;
    sink.add(start, end, 'prose');
    return end;
  }
  findBefore(text, name, sink);
  return findAnswer(text, name, sink) ?? findBelow(text, name, sink);
}

/** What stands bare behind a gap of this pattern, a sticky one, at `at`. */
function bareBehind(pattern: RegExp, text: string, at: number) {
  pattern.lastIndex = at;
  const gap = pattern.exec(text);
  if (gap === null) return undefined;
  const start = at + gap[0].length;
  const end = endOfBare(text, start);
  return { gap, start, end, value: text.slice(start, end) };
}

function findAnswer(text: string, name: Name, sink: FindingSink): number | undefined {
  if (!text.slice(name.end, name.end + LONGEST_QUESTION).includes('?')) return undefined;
  const behind = bareBehind(ANSWER, text, name.end);
  if (behind === undefined) return undefined;
  const { start, end, value } = behind;
  if (isPlaceholder(value) || !(looksRandom(value, 12) || (name.kind === 'password' && looksLikePassword(value)))) return undefined;
  sink.add(start, end, 'prose');
  return end;
}

function findBelow(text: string, name: Name, sink: FindingSink): number | undefined {
  const behind = bareBehind(BELOW, text, name.end);
  if (behind === undefined) return undefined;
  const { gap, start, end, value } = behind;
  if (!isSecretValue(name.kind, value, 'apart') || isInPublicBlock(text, start)) return undefined;
  if (name.kind === 'key' && gap[1] === undefined && !/^(?=.*[A-Z])(?=.*[a-z])/.test(value)) return undefined;
  sink.add(start, end, 'prose');
  return end;
}

const PUBLIC_BLOCK = /BEGIN [A-Z ]{0,24}(?:PUBLIC KEY|CERTIFICATE|SIGNATURE|MESSAGE)(?![^]*END )/;
/** The headers of an armour may speak of a key. */
function isInPublicBlock(text: string, at: number): boolean {
  return PUBLIC_BLOCK.test(text.slice(Math.max(0, at - 320), at));
}

const LEADING =
  /["'`)]?,? (?:as|is|was|for|(?:<-{1,2}|—|–|-)(?: (?:that's|this is|is|which is))?|that's) (?:my|our|the|an?|your|their)(?: [\w-]{1,16}){0,3} $/;
const LONGEST_LEADING = 64;
const LONGEST_BEFORE = 256;

/** "… as my API key": the value comes first. */
function findBefore(text: string, name: Name, sink: FindingSink): void {
  if (text[name.start - 1] !== ' ') return;
  const from = Math.max(0, name.start - LONGEST_LEADING);
  const leading = LEADING.exec(text.slice(from, name.start));
  if (leading === null) return;
  const end = from + leading.index;
  const isQuoted = /^["'`]/.test(leading[0]);
  let start = end;
  while (
    start > 0 &&
    end - start < LONGEST_BEFORE &&
    (isIn(text, start - 1, 'any') || (isQuoted && !/[\s"'`]/.test(text[start - 1] as string)))
  )
    start--;
  const value = text.slice(start, end);
  const isChosen = isQuoted && name.kind === 'password' && looksLikePassword(value);
  if (/\d/.test(value) && (isChosen || looksRandom(value, 16)) && !isPlaceholder(value)) sink.add(start, end, 'prose');
}

/** Names of a password in languages without Latin letters, or without spaces between words. */
const FOREIGN =
  /(?:пароль|пароля|паролем|jelszó|parolas[ıi]|şifresi|heslem|секрет|ключ|токен|schlüssel|clé(?: [A-Z]{2,8})?|キー|密码|密碼|口令|密钥|密鑰|令牌|パスワード|暗証番号|秘密鍵|トークン|비밀번호|암호|토큰|비밀키|كلمة المرور|كلمة السر|סיסמה|סיסמא|κωδικός|รหัสผ่าน|पासवर्ड|mật khẩu|contraseña|mot de passe|şifre|hasło|lösenord|kata sandi|seed phrase|recovery phrase|pass phrase|one-time code|secret word)/gi;
/** An ending, some words, and then what says that the value follows: "Lösenordet till servern är …", "Пароль от сервера: …". */
const FOREIGN_DISTANCE =
  /\p{L}{0,8}(?: (?:\([^()\n]{1,24}\)|[\p{L}\d'’.-]{1,20})){0,6}?\s{0,2}(?:[:=：＝]|(?<=\s)(?:is|to|es|est|c.est maintenant|är|er|jest|è|é|là|ist|lautet|—|–))\s{1,2}["'`«„“]?\s?(?=[\x21-\x7e])/uy;
const FOREIGN_GAP = /[^\x21-\x7e\n]{0,16}(?:[:=：＝]|is|es|est|är|jest)?[^\x21-\x7e\n]{0,8}["'`]?(?=[\x21-\x7e])/y;

const COLON = /[:：]/;
/** As people choose them, and code calls nothing: `YukiLoveCarlos2`. */
const TWO_WORDS = /^[A-Z][a-z]{2,}(?:[A-Z][a-z]{2,})+\d{1,4}$/;

/** Letters that English and code do without. Only around them is it worth looking. */
const FOREIGN_RUN = /[ñşłöậüéÑŞŁÖÜÉ\u0370-\u1fff\u3040-\uffee]+/g;
const AROUND = 16;

export function findForeignFields(text: string, sink: FindingSink): void {
  let passed = 0;
  for (const run of text.matchAll(FOREIGN_RUN)) {
    const from = Math.max(passed, run.index - AROUND);
    passed = Math.max(passed, run.index + run[0].length);
    findForeignIn(text, from, passed + AROUND, sink);
  }
}

function findForeignIn(text: string, from: number, until: number, sink: FindingSink): void {
  for (const found of text.slice(from, until).matchAll(FOREIGN)) {
    const end = from + found.index + found[0].length;
    for (const pattern of [FOREIGN_GAP, FOREIGN_DISTANCE]) {
      const behind = bareBehind(pattern, text, end);
      if (behind === undefined) continue;
      const { start, end: stop, value } = behind;
      if (
        isPlaceholder(value) ||
        value.length < 5 ||
        value.startsWith(',') ||
        /^\p{Ll}+$/u.test(value) ||
        !(looksLikePassword(value) || looksRandom(value, 10) || isChosen(value) || (COLON.test(behind.gap[0]) && TWO_WORDS.test(value)))
      )
        continue;
      sink.add(start, stop, 'prose');
      break;
    }
  }
}
