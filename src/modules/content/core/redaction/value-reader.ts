import { endOfRun, isIn } from './character-classes.ts';
import type { Standing } from './plausibility.ts';

/** A value found behind a name. `end` is where it ends; the scan goes on behind it. */
export interface ReadValue {
  readonly start: number;
  readonly end: number;
  readonly standing: Standing;
}

const FARTHEST = 72;
const LONGEST_QUOTED = 8192;
/** Between quotes that differ, which nothing else closes. */
const LONGEST_BETWEEN = 512;
const LONGEST_BARE = 4096;
const GLUE = new Set(
  `value val content contents data default is was are to be now it set as of has been equals string str text const secret_text plaintext the my new
   this that var let byte bytes nvarchar varchar char rune vec from_str some just secretstr securestring env using with type here und ist lautet es
   est là ist: é son wert provided secure current currently changed reset updated regenerated identified by required literal from valueof fromstring constant parametervalue return lambda example defaultvalue
   mets usa verwende nutze gebruik
   irreversible-cipher cipher simple sha512-hashed api acces enc ascii-text hexadecimal cleartext equal reg_sz reg_expand_sz`
    .trim()
    .split(/\s+/),
);
const QUOTES = new Set(['"', "'", '`', '“', '”', '‘', '’', '«', '»', '„', '「', '『']);
const CLOSING: Readonly<Record<string, string>> = { '“': '”', '„': '“', '‘': '’', '«': '»', '「': '」', '『': '』' };
/** Chinese, Japanese and Korean verbs and particles stand where an operator would. */
const OPERATORS = new Set([':', '=', '>', '：', '＝', '→', '⇒', '是', '为', '為', 'は', '은', '는', '값', '値', '值']);

/**
 * The value that belongs to the name ending at `end`: over operators, brackets, commas, table bars, types and the few words that
 * may stand between. `quotedName` is the quote that still has to be closed behind the name.
 */
export function valueBehind(text: string, end: number, quotedName: string | undefined): ReadValue | undefined {
  let at = end;
  let standing: Standing = 'loose';
  let lines = 0;
  let operatorLine = 0;
  let open = QUOTES.has(text[end] ?? '') ? text[end] : quotedName;
  const limit = Math.min(text.length, end + FARTHEST);
  while (at < limit) {
    const character = text[at] as string;
    if (character === open) {
      open = undefined;
      at++;
    } else if (QUOTES.has(character) && !(character === '`' && FENCE.test(rest(text, at)))) {
      const value = quoted(text, at);
      const word = value === undefined ? undefined : endOfQuotedGlue(text, value);
      if (word !== undefined) {
        at = word;
        continue;
      }
      if (value === undefined || value.end > value.start) return withName(text, value, standing);
      return undefined;
    } else if (OPERATORS.has(character)) {
      standing = 'assigned';
      operatorLine = lines;
      at++;
    } else if (character === '<' && text[at + 1] === '-') {
      standing = 'assigned';
      at += 2;
    } else if (character === '\n') {
      if (!BLOCK.test(text.slice(end, at)) && ++lines > 3) return undefined;
      at += 1 + speakerAt(text, at + 1);
    } else if (isSkipped(text, at, standing)) {
      at++;
    } else if (lengthOfSkipped(text, at) > 0) {
      const length = lengthOfSkipped(text, at);
      if (character === '<' && text[at + 1] === '!') return characterData(text, at + length);
      if (character === '<' && (text.startsWith('</key>', end) ? ITEM_TAG : VALUE_TAG).test(text.slice(at, at + length))) {
        standing = 'assigned';
        operatorLine = lines;
      }
      at += length;
    } else {
      const word = endOfRun(text, at, 'word', 24);
      if (word > at && isGlue(text, at, word)) at = word;
      else return bare(text, end, at, lines > operatorLine ? 'apart' : standing);
    }
  }
  return undefined;
}

/** A tag without attributes, an anchor of YAML, the opening of a Perl or Ruby quote, the kind of a Cisco password, `é` as a verb. */
const SKIPPED =
  /^(?:<!\[CDATA\[|(?:(?:bytes|bytearray)\.fromhex|Buffer\.from|hex\.DecodeString|(?:binascii\.)?unhexlify|Hex\.decode(?:Hex)?|Convert\.From(?:Hex|Base64)String|base64\.\w{0,12}\.?DecodeString|base64_decode|hex2bin|atob)\((?=["'])|(?:new )?(?:Sensitive|QStringLiteral|QLatin1String|QString|SecretStr(?:ing)?|Secret|Zeroizing|Redacted)(?:(?:::|\.)(?:new|from|of|make))?\((?=["'])|\\[a-z]{2,12}\{(?=\S)|\}(?= {2,}\S)|;s:\d{1,5}:(?=")|(?:bs58|base58|base64|b64)\.(?:b64|b58|url)?(?:safe_b64)?decode\((?=["'])|string\(\d{1,5}\) (?=")|\}(?=\s?=\s?["'])|--(?:value|body|data|secret-string|password|plaintext)[= ](?=\S)|\}\{|\]["'],\s{0,4}(?=["'])|\}(?=\)\.(?:type|fill|sendKeys|send_keys)\(\S)|\)\.(?:type|fill|sendKeys|send_keys|toBe|toEqual|toStrictEqual|isEqualTo)\((?=["'])|\(\s{0,4}["'][A-Z][A-Z0-9_]{0,60}["']\s{0,2},\s{0,4}(?=["'])|<{2,3} ?(?=["'])|```\w{0,12}(?=\r?\n)|Option\[\w{1,16}\]|(?:[bBrRuUfFLN]|rb|br)(?=["'])|\{ ?get;[a-z ]{0,24};? ?\}|<\/?[A-Za-z][\w:-]{0,40}(?: [\w:.-]{1,24}=["'][^"'<>]{0,40}["']){0,2}>|&'\w{1,16} (?:mut )?\w{1,16} ?(?==)|\]?["']\)\.(?:type|fill|sendKeys|send_keys)\((?=["'])|&(?:'\w{1,16} )?\[\w{1,8}(?:; ?\d{1,4})?\]|&\w{1,32} |%?[qQ][qwr]?[{([<|](?=\w)|[05789] (?=\S{4})|[éèê] |-(?=\r?\n)|\.{2,40}(?=[ :])|[│┃║]|\[\d{0,4}\](?:const )?&?\w{0,12}(?=[ ({=]))/;

/** `env('API_KEY', '…')`: the name of a variable, and what counts without it. */
const WITH_DEFAULT = /^\(\s{0,4}["'][A-Z][A-Z0-9_]{0,60}["']\s{0,2},\s{0,4}["']/;
/** A block of Markdown begins, and the value stands in it. */
const FENCE = /^```\w{0,12}\r?\n/;
/** An element of what the name stands for. */
const INDEX = /^\[\d{1,4}\][.;,)]/;
/** A block of YAML begins behind the name, so the next line is the value. */
const BLOCK = /^["']?:[ \t]{1,8}[|>][-+]?\d?[ \t\r]{0,4}$/;
const SPEAKER = /(?:\[[\d:. ]{4,20}\][ ]?)?[A-Za-z]{1,16}: (?=\S{16})/y;

/** "What is the API key?" – the answer begins with who gives it. The length of that. */
function speakerAt(text: string, at: number): number {
  SPEAKER.lastIndex = at;
  return SPEAKER.exec(text)?.[0].length ?? 0;
}

/** A test types into the field that the name selects. */
const TYPED = /^\)\.(?:type|fill|sendKeys|send_keys|toBe|toEqual|toStrictEqual|isEqualTo)\(["']/;
/** The same by a selector: `input[name=password]`. */
const SELECTED = /^\]["']\)\.(?:type|fill|sendKeys|send_keys)\(["']/;
/** An element that says that the value is in it. */
const VALUE_TAG = /^<(?!\/).*value/i;
/** The same in a property list of Apple. */
const ITEM_TAG = /^<(?:string|data)>/;
const LONGEST_DATA = 2048;

/** What a CDATA section of XML holds, the characters of markup included. */
function characterData(text: string, start: number): ReadValue | undefined {
  const length = text.slice(start, start + LONGEST_DATA).indexOf(']]>');
  return length > 0 ? { start, end: start + length, standing: 'quoted' } : undefined;
}
/** A property of C#, between its name and its value. */
const ACCESSORS = /^\{ ?get;[a-z ]{0,24};? ?\}/;

function lengthOfSkipped(text: string, at: number): number {
  // Most of what is asked about is the first letter of a value, and only few letters begin what is skipped.
  if (isIn(text, at, 'alphanumeric') && !'sqQbBrRuUfFLNOV05789nSZHhCad'.includes(text[at] as string)) return 0;
  return SKIPPED.exec(rest(text, at))?.[0].length ?? 0;
}

function rest(text: string, at: number): string {
  return text.slice(at, at + 96);
}

/** The type of a parameter, between its name and its value. */
const TYPES = /^(?:secure)?string$/i;

/** `"value": "…"` behind `"name": "API_KEY"`: the quoted word leads on to the value, and is not it. */
function endOfQuotedGlue(text: string, value: ReadValue): number | undefined {
  const content = text.slice(value.start, value.end);
  if (content.length > 16) return undefined;
  if (TYPES.test(content)) return /^["'],\s/.test(text.slice(value.end, value.end + 2)) ? value.end + 2 : undefined;
  if (!GLUE.has(content.toLowerCase())) return undefined;
  return /^["'`]\s{0,4}(?::|=>|=)/.test(text.slice(value.end, value.end + 8)) ? value.end + 1 : undefined;
}

/** What may stand between a name and its value. A bar or comma or bracket is no operator: what follows must be random. */
function isSkipped(text: string, at: number, standing: Standing): boolean {
  const character = text[at] as string;
  if (character === '[' && text[at + 1] === ']') return false;
  if (character === ']' && SELECTED.test(rest(text, at))) return false;
  if (character === ']' && QUOTES.has(text[at + 1] ?? '') && text[at + 2] === ',') return false;
  if (character === '(' && ' "\''.includes(text[at + 1] ?? '-') && WITH_DEFAULT.test(rest(text, at))) return false;
  if (character === '[' && isIn(text, at + 1, 'alphanumeric') && INDEX.test(rest(text, at))) return false;
  if (character === '{' && ' g'.includes(text[at + 1] ?? '-') && ACCESSORS.test(rest(text, at))) return false;
  if (' \t\r,(|*[{]!?'.includes(character)) return true;
  if (character === '@' || character === '$') return QUOTES.has(text[at + 1] ?? '');
  if (character === '<') return standing === 'assigned' && !text.startsWith('<![CDATA[', at);
  if (character === ')' && text[at + 1] === '.' && TYPED.test(rest(text, at))) return false;
  if (character === '—' || character === '–') return text[at + 1] === ' ';
  if (character === ')' || character === '-') return text[at + 1] === ' ' || text[at + 1] === '>' || character === ')';
  return character === '/' && text[at + 1] === ' ';
}

function isGlue(text: string, start: number, end: number): boolean {
  const next = text[end];
  return GLUE.has(text.slice(start, end).toLowerCase()) && next !== undefined && !isIn(text, end, 'alphanumeric') && next !== '.';
}

/** A value in quotes, to the matching one on the same or a following line. A backslash takes the next character with it. */
function quoted(text: string, at: number): ReadValue | undefined {
  const opening = text[at] as string;
  const triple = opening.repeat(3);
  const twice = opening === '`' && text[at + 1] === '`';
  const width = text.startsWith(triple, at) ? 3 : twice ? 2 : 1;
  const closing = width > 1 ? opening.repeat(width) : (CLOSING[opening] ?? opening);
  const start = at + width;
  const limit = Math.min(text.length, start + (closing.includes(opening) ? LONGEST_QUOTED : LONGEST_BETWEEN));
  let index = start;
  while (index < limit) {
    const character = text[index] as string;
    if (character === '\\') index += 2;
    else if (text.startsWith(closing, index)) return { start, end: index, standing: 'quoted' };
    else if (character === '\n' && width === 1 && opening !== '`') {
      const wrapped = endOfWrapped(text, start, index, opening);
      if (wrapped === undefined) break;
      return { start, end: wrapped, standing: 'quoted' };
    } else index++;
  }
  // Never closed: what is left of the line is the value.
  const bareEnd = endOfBare(text, start);
  return bareEnd > start ? { start, end: bareEnd, standing: 'assigned' } : undefined;
}

const REST = /\r?\n[ \t]{0,16}[\w+/=.~-]{8,512}(?=["'])/y;

/** A value that was broken over two lines: nothing but more of it stands before the closing quote. */
function endOfWrapped(text: string, start: number, newline: number, opening: string): number | undefined {
  const first = text.slice(start, newline);
  if (first.length < 8 || first.length > 512 || /[\s"'`]/.test(first.trimEnd())) return undefined;
  REST.lastIndex = newline;
  const rest = REST.exec(text);
  return rest !== null && text[REST.lastIndex] === opening ? REST.lastIndex : undefined;
}

/** `"API_KEY", "value"`: two quoted pieces, so the second is a value only where the first was assigned or given along. */
function withName(text: string, value: ReadValue | undefined, standing: Standing): ReadValue | undefined {
  if (value === undefined || standing === 'assigned') return value;
  const between = text.slice(Math.max(0, value.start - 12), value.start - 1);
  return /[,(|]\s*\S{0,2}$|[\s*]$|\]\s*=?\s*$/.test(between)
    ? { ...value, standing: between.trimEnd().endsWith('(') ? 'quoted' : 'loose' }
    : value;
}

function bare(text: string, nameEnd: number, start: number, standing: Standing): ReadValue | undefined {
  const end = endOfBare(text, start);
  if (end <= start || start === nameEnd || (QUOTES.has(text[end] ?? '') && /^[A-Za-z_:-]+=$/.test(text.slice(start, end))))
    return undefined;
  return { start, end, standing };
}

const STOPS = new Set(' \t\r\n"`<>|\u3000，。；、」』”»'.split(''));

/** Where a bare value ends: space, quote or bracket; a `;` or `&` or `,` only where another field follows it. */
export function endOfBare(text: string, start: number): number {
  const limit = Math.min(text.length, start + LONGEST_BARE);
  let end = start;
  while (end < limit) {
    const character = text[end] as string;
    if (STOPS.has(character) || (character === "'" && end > start)) break;
    if ((character === ';' || character === '&' || character === ',') && endsField(text, end)) break;
    if (character === '\\' && /[nrt"]/.test(text[end + 1] ?? '')) break;
    end++;
  }
  while (end > start && '.,;:!?)]}*_\\'.includes(text[end - 1] as string) && !(text[end - 1] === '_' && text[start] !== '_')) end--;
  return end;
}

function endsField(text: string, at: number): boolean {
  return /^[;&,](?:$|\s|[A-Za-z][\w .-]{0,40}[=:]|["'}])/.test(text.slice(at, at + 48));
}
