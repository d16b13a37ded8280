import { isIn, isWordStart } from './character-classes.ts';
import { findCommands } from './find-commands.ts';
import { findField, findForeignFields, findSeedPhrases } from './find-fields.ts';
import { findAuthorization, findBasic, findEncodedKey, findKubernetesSecret, findPrivateKey, findPuttyKey, findUserInfo } from './find-structures.ts';
import { findMarked, findPairs, findPattern, findShape } from './find-tokens.ts';
import type { FindingSink } from './findings.ts';
import { LiteralAutomaton } from './literal-automaton.ts';
import { TOKEN_PATTERNS, TOKEN_SHAPES } from './token-shapes.ts';

/** What to do where a literal stands, from `start` to `end`. Gives where the same kind of search may go on. */
type Reaction = (text: string, start: number, end: number, sink: FindingSink) => number | undefined;
interface Literal {
  readonly literal: string;
  readonly kind: 'token' | 'field' | 'structure';
  readonly react: Reaction;
}

/** Pieces of the names credentials go by. The whole name around one is classified afterwards. */
const NAME_PIECES = `pass pwd psw secret token key auth cred bearer cookie session sessid jwt hmac psk passe mdp wort senha contrase clave
  wachtwoord haslo heslo jelszo parola sifre sandi salasana adgangs passord mnemonic phrase ticket signat sas_ contribsys kennw losenord lozinka`;
/** Short ones count only as a whole part of a name. */
const WHOLE_PIECES = 'pw sid sig otp totp pat salt dsn sas code seed hash ticket st';
const MARKS = '_live_ _test_ _prod_ _secret_ _pat_ _token_ _api_ _key_ _sk_ _sec_ -secret- -api- -token- -pat- -live- -key- _apikey_ _access_ _refresh_ _priv_ _svc_ _sa_ _bot_';
const ENCODED_KEYS = ['LS0tLS1CRUdJT', '0tLS0tQkVHSU4', 'tLS0tLUJFR0lO'];

const list = (text: string): string[] => text.trim().split(/\s+/);

const field: Reaction = (text, start, end, sink) => findField(text, start, end, sink);
const wholeField: Reaction = (text, start, end, sink) =>
  isIn(text, start - 1, 'alphanumeric') || isIn(text, end, 'alphanumeric') ? undefined : findField(text, start, end, sink);
const structure = (literal: string, react: Reaction): Literal => ({ literal, kind: 'structure', react });

const LITERALS: readonly Literal[] = [
  ...TOKEN_SHAPES.map((shape): Literal => ({ literal: shape.prefix, kind: 'token', react: (text, start, _, sink) => findShape(text, start, shape, sink) })),
  ...TOKEN_PATTERNS.map((each): Literal => ({ literal: each.literal, kind: 'token', react: (text, _, end, sink) => findPattern(text, end, each, sink) })),
  ...list(MARKS).map((literal): Literal => ({ literal, kind: 'token', react: (text, _, end, sink) => findMarked(text, end, sink) })),
  ...list(NAME_PIECES).map((literal): Literal => ({ literal, kind: 'field', react: field })),
  ...list(WHOLE_PIECES).map((literal): Literal => ({ literal, kind: 'field', react: wholeField })),
  structure('begin ', (text, start, _, sink) => (text[start - 1] === '-' || text[start - 1] === ' ' ? findPrivateKey(text, start, sink) : undefined)),
  structure('private-lines:', (text, _, end, sink) => findPuttyKey(text, end, sink)),
  structure('://', (text, _, end, sink) => findUserInfo(text, end, sink)),
  structure('basic ', (text, _, end, sink) => findBasic(text, end, sink)),
  structure('x-api-key', (text, _, end, sink) => findAuthorization(text, end, sink)),
  structure('kind: secret', (text, _, end, sink) => {
    if (!/\w/.test(text[end] ?? '')) findKubernetesSecret(text, end, sink);
    return undefined;
  }),
  ...ENCODED_KEYS.map((literal) => structure(literal, (text, start, _, sink) => (text.startsWith(literal, start) && isWordStart(text, start) ? findEncodedKey(text, start, sink) : undefined))),
];

const AUTOMATON = new LiteralAutomaton(LITERALS.map(({ literal }) => literal.toLowerCase()));
const LENGTHS = LITERALS.map(({ literal }) => literal.length);
const NOT_ASCII_OR_PHRASE = /[^\x00-\x7f]|phrase|mnemonic|seed|wallet|code/i;
/** A line of .pgpass: host, port, database, user, password. */
const PGPASS = /^[\w.*-]{1,128}:(?:\d{2,5}|\*):[\w.*-]{1,64}:[\w.*@-]{1,64}:([^\s:]{4,128})$/gm;

/** Everything in one text that looks like a credential, by its offsets. One pass for the literals, bounded looks around each. */
export function scanText(text: string, sink: FindingSink): void {
  if (text.length < 6) return;
  let afterToken = 0;
  let afterField = 0;
  let afterStructure = 0;
  AUTOMATON.scan(text, (index, end) => {
    const { kind, react } = LITERALS[index] as Literal;
    const start = end - (LENGTHS[index] as number);
    if (kind === 'token') {
      if (start >= afterToken) afterToken = react(text, start, end, sink) ?? afterToken;
    } else if (kind === 'field') {
      if (start >= afterField) afterField = react(text, start, end, sink) ?? afterField;
    } else if (start >= afterStructure) {
      afterStructure = react(text, start, end, sink) ?? afterStructure;
    }
  });
  findPairs(text, sink);
  findCommands(text, sink);
  if (NOT_ASCII_OR_PHRASE.test(text)) {
    findForeignFields(text, sink);
    findSeedPhrases(text, sink);
  }
  if (text.includes(':')) for (const found of text.matchAll(PGPASS)) sink.add(found.index + found[0].length - (found[1] as string).length, found.index + found[0].length, 'connection');
}
