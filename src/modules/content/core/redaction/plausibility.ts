import { type KeyKind, kindOfKey } from './key-names.ts';
import { looksLikePassword, looksRandom } from './randomness.ts';

/** How a value stands: `quoted` in quotes of its own, `assigned` bare after an operator, `loose` after nothing but space,
 * words or commas, `apart` on a line of its own. */
export type Standing = 'quoted' | 'assigned' | 'loose' | 'apart';

const PLACEHOLDER =
  /^(?:x{3,}|\*{2,}|\.{2,}|-+|_+|\?+|#+|null|nil|none|true|false|undefined|nan|empty|unset|void|string|str|text|bytes?|int|integer|number|boolean|bool|any|object|base(?:16|32|58|64)(?:url)?|utf-?(?:8|16)(?:le|be)?|sha-?\d{1,3}|md5|(?:hs|rs|es|ps)(?:256|384|512)|pkcs[1578]|x25519|ed25519|secp256[kr]1|p-?(?:256|384|521)|array|u?int\d{1,2}(?:clamped)?array|arraybuffer|optional|required|secret|password|passwd|pwd|pass|token|key|apikey|api[-_ ]?key|username|user|credentials?|redacted|masked|hidden|removed|omitted|censored|example|sample|dummy|placeholder|test|todo|tbd|changeme|change[-_]?me|replace[-_]?me|default|value|error|warn|warning|b?crypt|scrypt|yescrypt|argon2(?:id|i|d)?|pbkdf2(?:_sha\d{1,3})?|scram-sha-\d{1,3}(?:-plus)?|kennwort|passwort|senha|wachtwoord|clave|parola|haslo|heslo|salasana|adgangskode|passord|yes|no|on|off|bearer|basic|auto|inherit|enabled|disabled|n\/a|foo|bar|baz|foobar|prompt|ask|env|vault|file|stdin|yourpassword|mypassword|hunter2?\*+)$/i;
const PLACEHOLDER_PIECE =
  /\b(?:your|insert|example|placeholder|redacted|change_?me|replace|goes[-_ ]?here|put[-_ ]?your|enter[-_ ]|xxx+|my[-_]?(?:api|secret|token|password|key)|fake|dummy|lorem|sample)\b|(?:^|[-_])(?:your|insert|example|here)(?:[-_]|$)|x{6,}|\*{3,}|1234567890abcdef|abcdef123456|0{8,}/i;
const REFERENCE =
  /^(?:[$%@#]?[{[(<]|@[A-Za-z.]{4,40}\(\w{1,40}=|[$%][A-Za-z_][\w.]*(?:$|[%:>?[(/;,)@-])|\{\{|<%|@@|#\{|%[sdvq]\b|arn:|vault:|env[:.(]|ref\+|sops:|ssm:|secretsmanager|!\w+|&\w+$|\*\w+$|file:|\/(?:run|etc|var|home|usr|tmp|opt|mnt|secrets?)\/|~\/|~[a-z]\w*$|@[\w.-]{3,60}@$|[A-Za-z_][\w.]{0,60}\(\)$|\.{1,2}\/|[a-z][a-z\d+.-]{1,20}:\/\/|process\.|os\.|env\.|System\.|Environment\.|config\.|settings\.|secrets?\.|vars?\.|data\.|local\.|module\.|self\.|this\.|ctx\.|req\.|request\.|Deno\.|import\.|ENV\[)/;
const CODE =
  /^(?:[A-Za-z_$][\w$]*(?:(?:\.|::|->|\?\.)[A-Za-z_$][\w$]*)*(?:\(.*|(?:\?\.)?\[.*|<.*)|(?:await|new|return|function|async|typeof|lambda|const|let|var|if|not|f"|f')\b.*|\(.*|\[.*|\{.*|[|&]{1,2}.*|=>.*|<\/?[a-zA-Z].*)$/s;
const CALL =
  /^[@.&*!%-]{0,2}[A-Za-z_$][\w$.-]*[({<]|^[a-z_]\w*:[a-z_]\w*\(|^--[a-z][\w-]*(?:=|$)|^\.[A-Za-z]|^@[A-Za-z]+$|^(?:qr)?\/[\^([]|^[\w.$]+::/;
const ARGUMENT = /^[A-Za-z_]\w{0,40}=(?![A-Z][a-z]+\d{2})[\w.]*$/;
/** Another field, behind a word that names none: `Bearer expiresIn=3600`, `rpassword?rev=…`. */
const GIVEN = /^([A-Za-z_][\w.-]{0,40})=(?![A-Z][a-z]+\d{2})[\w./:#)-]+$/;
/** The same on a line of its own, whatever its value. */
const LINE_OF_ITS_OWN = /^[A-Za-z_][\w.-]{0,40}=[^=]/;
/** An index, the end of a block or of a link, a parameter that has a number: what stands behind a name in code, not behind an operator. */
const IN_CODE =
  /^[+!-]?[A-Za-z_$]\w*\[\w{0,8}\]?$|\]\(|\)[}{\]]|\)\.[A-Za-z]+\(|^[a-z]{2,16}=\d{1,6}(?!\w)|^[A-Za-z_$]\w*:[A-Za-z_$][\w.]*[({]|^[a-z]+(?:[A-Z][a-z]+)+:[A-Za-z_$][\w.]*$|^\w+\];[A-Z]+\[|\]\[|^[A-Za-z_$][\w$]*=[\w.$]+\(|^[\w$]{1,3}=[\w$]+\.|^[\w:-]{1,40}=\{|^\$[^$\s]{1,40}\$$/;
const DOTTED_NAMES = /^[A-Za-z_$][A-Za-z_$]*\d?(?:(?:\.|::|->|\?\.)[A-Za-z_$][\w$]*)+[;,)]*$/;
const IDENTIFIER = /^[A-Za-z_$][\w$]*[?!]?$/;
const LETTERS_ONLY = /^\p{L}+$/u;
const ABOUT_PASSWORDS =
  /\b(?:pass(?:word|phrase|code|key)s?|secrets?|tokens?|keys?|credentials?|your|must|enter|invalid|incorrect|wrong|required?|please|reset|forgot(?:ten)?|confirm|show|hide|should|cannot|not|missing|expired|characters?|letters?|the|is|are|of|for|passwor[dt]|senha|passe|adgangskode|parola)\b|wachtwoord|passwort|kennwort|contraseña|hasło|şifre|lösenord|пароль|密码|密碼|パスワード|비밀번호/i;
const ABOUT_CREDENTIALS = /secret|token|key|auth|cred|pass|cert|bearer|jwt|session|account|client|test|v\d/i;
/** Digits of examples, and years. */
const COUNTED = /^(?:0*1234?5?6?7?8?|(?:19|20)\d\d|(\d)\1+)$/;
/** A range of versions of a package that is called after what it deals with. */
const VERSIONS = /^[\^~<>=v]{1,2}\d+\.\d+(?:\.\d+)?$/;
/** A regular expression, as rules and validators have them. */
const PATTERN = /\bA-Z,? ?a-z\b|\\[sdwbSDWB](?:[*+?{)]|\[)|\[\^?(?:A-Z|a-z|0-9|\\[wds])|\(\?[:=!i]/;
/** With options behind it in tags of Go: `API_KEY,required`. */
const ENVIRONMENT_NAME = /^(?:[\w-]{1,32}[/:])?[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+(?:,[a-z]{2,16})*$/;
/** What is read beyond where nothing ends, as minified code and printed structs have it: `null};export`, `TLS:true}`. A colour. A digest that says so. */
const NOTHING =
  /^(?:null|undefined|nil|none|true|false|void)[)}\];,]|^[A-Za-z]\w{0,24}:(?:true|false|nil|null)\b|^#(?:[\da-f]{3}){1,2}(?:[;)},]|$)|^(?:sha(?:1|256|384|512)|md5)[:-](?:[\da-f]{32,}|[a-z\d+/]{27,88}={0,2})(?:[;)},]|$)|^(?:[dq]word|hex\(\w\)):[\da-f,]+$|^\d{1,4}\.(?:second|minute|hour|day|week|month|year)s?$|^_Z[A-Z]\w+$|^\d{1,10}[)}\]]\S|^\*\.[a-z]+$/i;
/** Code without a space in it, as minified scripts have it. */
const MINIFIED = /&&.{0,64}\(|\)[,;]\w|\w\(\w{1,2}(?:,\w{1,2})*\)|=>|^[A-Za-z_]\w{0,40}=(?:self|this|cls)\.|\)return$/;
/** A declaration of CSS. */
const DECLARATION = /^[a-z]+(?:-[a-z]+)*:[^:;{}]{1,40}[;}]/;

/** Keys that providers mean to stand in pages: Stripe, Clerk and Supabase call them publishable. */
const PUBLISHED = /^(?:pk_(?:live|test)_|sb_publishable_)/;
/** What stands behind a field of a Go struct: `json:"password,omitempty"`. */
const STRUCT_TAG = /^(?:[a-z_]{2,24}:"[^"]{0,80}" ?){1,8}$/;
/** Account or contract of Ethereum; keys in upper case are made alike. */
const ADDRESS = /^0x(?=[^a-f]*[a-f])[0-9a-fA-F]{40}$/;
/** How OpenPGP calls its keys: by the end of their fingerprint, or all of it (RFC 4880, section 12.2). */
const FINGERPRINT = /^(?:0x)?(?:[0-9A-F]{16}|[0-9A-F]{40})$/;

/** What something is called, and not a password: with a namespace, in a domain turned round, a cmdlet, what a function is for. */
const NAMED =
  /^[a-z]{3,16}(?:[:_][a-z]{3,16}){0,3}:(?:\d{1,12}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})$|^[a-z][\w-]{0,24}:(?:[a-z]+)?[A-Z][a-z]+(?:[A-Z][a-z]+)+$|^(?:com|org|net|io|dev|app)(?:\.[A-Za-z][\w-]*){2,}$|^(?:Read|Get|New|ConvertTo|ConvertFrom|Import|Set)-[A-Z][A-Za-z]+$|^(?:get|set|read|run|fetch|load|make|create|find|ask|prompt|decode|encode|parse|verify|validate|generate|lookup|resolve)(?:[A-Z][a-z]*)+$/;
/** Words of a name: `passwordTooShort`, `redis-password`, `user_2fa_code`. */
const WORDS_OF_NAME = /^[#.:]?[A-Za-z](?:[A-Za-z._-]|\d(?!\d)){0,95}$/;
/** The name of a key of an organisation's or a vault's, in lower case: `user_2fa_code`. */
const SNAKE_NAME = /^[a-z]+\d?(?:_\d?[a-z]{1,12}\d?)+$/;
/** A line of a table. */
const ROW = /^(?:[^,\n]{1,128},){3}/;

/** A date, with the time of day or without. */
const DATE = /^\d{4}-\d\d-\d\d(?:[T ][\d:.]{5,18}(?:Z|[+-]\d\d:?\d\d)?)?$/;
/** The first characters of a token and the last, as programs show whose it is. */
const MASK = /^[\w-]{0,12}(?:\.{3,}|…|•{3,})[\w-]{0,6}$/;
/** Words of a language that English has no letters for: a translation, or the name of the field once more. */
const FOREIGN_WORDS = /^(?=.*[^ -~])[\p{L}\p{M}][\p{L}\p{M} '’:：；;?!,.？！。、，؟…()（）「」・-]*$/u;

/** Whether a value is how OpenPGP calls a key. */
export function isFingerprint(value: string): boolean {
  return FINGERPRINT.test(value);
}

const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** How agents number their sessions, and AWS the requests it answers once. Nobody gets in by it: what browsers are known by is longer, and in a cookie. */
export function isSessionNumber(name: string, value: string): boolean {
  return /(?:^|[._-])(?:[a-z]+)?(?:session_?id|client_?token)$/i.test(name) && UUID.test(value);
}

/** Whether a key or token is made to be seen by everybody. */
export function isPublished(value: string): boolean {
  return PUBLISHED.test(value);
}

/** Whether a value says of itself that it is none: a placeholder, a reference to a variable or a file, nothing. */
export function isPlaceholder(value: string): boolean {
  if (
    value.length < 3 ||
    VERSIONS.test(value) ||
    NOTHING.test(value) ||
    PLACEHOLDER.test(value) ||
    REFERENCE.test(value) ||
    ENVIRONMENT_NAME.test(value) ||
    STRUCT_TAG.test(value) ||
    PUBLISHED.test(value) ||
    PATTERN.test(value)
  )
    return true;
  if (/^\[[^\]]{0,60}\]$|^<[^>]{0,80}>$|^\{\{?[^}]{0,80}\}\}?$|^%{1,2}[A-Za-z_]\w*%{1,2}$|^__\w+__$/.test(value)) return true;
  if (
    /\$\{[A-Za-z_][\w.:?/-]{0,60}\}|\{[A-Za-z_][\w.]{0,60}\([\w., '"]{0,40}\)\}|\{\{[\w .$|'"()/,-]{1,80}\}\}|\$\([^)]{1,80}\)|\$\{\{/.test(
      value,
    )
  )
    return true;
  return (
    value.includes('[redacted]') ||
    (PLACEHOLDER_PIECE.test(value) && !looksRandom(value.replace(PLACEHOLDER_PIECE, ''), 16)) ||
    (new Set(value.slice(0, 64)).size <= 2 && new Set(value).size <= 2)
  );
}

/** Whether a value under a name of this kind is a secret. What it rarely is otherwise is looked for last, where the rest says yes. */
export function isSecretValue(kind: KeyKind, value: string, standing: Standing): boolean {
  return suits(kind, value, standing) && !DATE.test(value) && !MASK.test(value) && !FOREIGN_WORDS.test(value);
}

function suits(kind: KeyKind, value: string, standing: Standing): boolean {
  if (
    kind === 'none' ||
    (standing !== 'quoted' && (CALL.test(value) || DECLARATION.test(value) || MINIFIED.test(value))) ||
    isPlaceholder(value)
  )
    return false;
  if ((standing === 'loose' || standing === 'apart') && (IN_CODE.test(value) || isGiven(value, standing) || ROW.test(value))) return false;
  if (standing === 'loose' && (SNAKE_NAME.test(value) || isDotted(value))) return false;
  if (standing === 'apart') return looksRandom(value, kind === 'password' ? 12 : 16) && !isCode(value, standing) && !looksNamed(value);
  if (kind === 'password') return !/^\d{1,3}$/.test(value) && isPassword(value, standing);
  if (ADDRESS.test(value) || (kind === 'key' && standing !== 'quoted' && FINGERPRINT.test(value))) return false;
  if (kind === 'code' && standing !== 'loose' && /^\d{4,8}$/.test(value)) return !COUNTED.test(value);
  if (kind === 'secret' || kind === 'code') return isSecret(value, standing);
  return !isCode(value, standing) && !/\s/.test(value) && looksRandom(value, standing === 'loose' ? 16 : 11) && !looksNamed(value);
}

/** Whether it is a field of its own: on a line of its own, or with a name that says nothing of a credential. */
function isGiven(value: string, standing: Standing): boolean {
  if (standing === 'apart') return LINE_OF_ITS_OWN.test(value);
  const name = GIVEN.exec(value)?.[1];
  return name !== undefined && kindOfKey(name) === 'none';
}

function isDotted(value: string): boolean {
  return DOTTED_NAMES.test(value) && !/\d{2,}$/.test(value) && !looksRandom(value.replace(/\W/g, ''), 12);
}

function isPassword(value: string, standing: Standing): boolean {
  if (NAMED.test(value) || (WORDS_OF_NAME.test(value) && isNameLike(value))) return false;
  if (standing === 'loose' && ARGUMENT.test(value)) return false;
  const hasSpace = /\s/.test(value);
  if (hasSpace && (standing === 'assigned' || !isPhrase(value))) return false;
  if (standing === 'loose') return looksLikePassword(value) || looksRandom(value, 10);
  if (hasSpace) return true;
  if (standing === 'quoted') return !/^[A-Z][a-z]+:?$/.test(value) && !/^[a-z]+(?:[._-][a-z]+)*$/.test(value) ? true : !isNameLike(value);
  if (isCode(value, standing)) return false;
  if (LETTERS_ONLY.test(value)) return looksRandom(value, 8);
  return !IDENTIFIER.test(value) || /\d/.test(value) || looksRandom(value, 8);
}

/** A quoted word under `password`: an i18n key, a label and a field name are lower case with dots; a chosen word is still a password. */
function isNameLike(value: string): boolean {
  return value.length < 5 || ABOUT_PASSWORDS.test(value.replace(/[._-]/g, ' ').replace(/([a-z\d])(?=[A-Z])/g, '$1 '));
}

/** Words in quotes: a passphrase, unless they speak about passwords as labels and messages do. */
function isPhrase(value: string): boolean {
  return (
    value.length <= 400 && !ABOUT_PASSWORDS.test(value) && !/[{}<>]|[.!?:]$/.test(value.slice(-1)) && !/^[A-Z][a-z]+ [a-z]/.test(value)
  );
}

function isSecret(value: string, standing: Standing): boolean {
  if (/\s/.test(value)) return standing === 'quoted' && value.split(/\s+/).length >= 3 && isPhrase(value);
  if (value.length < 6 || isCode(value, standing)) return false;
  if (standing === 'loose')
    return looksRandom(value, 14) || (value.length >= 8 && looksLikePassword(value) && /\d/.test(value) && !looksNamed(value));
  if ((standing === 'quoted' && /[^\w.:/+=-]/.test(value) && value.length >= 10) || isChosen(value)) return true;
  return looksRandom(value, 8) && !looksNamed(value);
}

/** What a person thought of where a secret was asked for: a word or two and a number, `Deltameadow7188`, `SextantTulip_327`, `otter-17-thimble`. */
export function isChosen(value: string): boolean {
  return CHOSEN.test(value) && !ABOUT_CREDENTIALS.test(value);
}
const CHOSEN = /^(?:(?=.*[a-z])(?=.*[A-Z])[A-Za-z\d]{5,22}[_.=!?-]?(?:[A-Za-z]{3,16})?\d{2,4}!?|[a-z]{4,12}-\d{2,3}-[a-z]{4,12})$/;

/** Names with a number, as hosts, files, versions and resources have them: `cmp2-qat-1208358310`, `web21prqodx24021.example`. */
function looksNamed(value: string): boolean {
  if (
    /^\d+(?:\.\d+)*$|^[A-Z][A-Za-z]*\d{0,5}(?:Private|Public)Key$/.test(value) ||
    /\.(?:com|net|org|io|dev|local|internal|json|ya?ml|pem|txt|[cm]?[jt]sx?|py|go|rs|rb|php|java|md|html?|css|xml|toml|ini|conf|sql|sh|csv|log|pdf|png|jpe?g|gif|svg|mp[34]|zip|gz|key|crt)$/i.test(
      value,
    )
  )
    return true;
  const pieces = value.split(/[-_./: ]+/);
  return (
    pieces.length > 1 &&
    pieces.every((piece) => piece.length <= 4 || /^(?:[A-Za-z]{2,}\d{0,3}|\d+|[A-Z]+)$/.test(piece)) &&
    !/[a-z][A-Z]\w*\d|\d[a-z]+\d/.test(value) &&
    !looksRandom(value, 20)
  );
}

/** Code where a value could stand: a call, a member, a name, a type. */
function isCode(value: string, standing: Standing): boolean {
  if (standing === 'quoted') return false;
  if (CODE.test(value)) return value.includes('(') || !looksRandom(value.replace(/[^A-Za-z0-9]/g, ''), 20);
  return isDotted(value);
}
