import { isIn, isWordStart, longRuns } from './character-classes.ts';
import { CALLS, findInCall } from './find-calls.ts';
import { findCommand, PROGRAMS } from './find-commands.ts';
import { findField, findForeignFields } from './find-fields.ts';
import { findWebKey } from './find-web-keys.ts';
import { findSeedPhrase } from './find-phrases.ts';
import { findRefused, REFUSALS } from './find-refused.ts';
import { findCopied, findInRows } from './find-rows.ts';
import {
  findAuthorization,
  findBasic,
  findDataSource,
  findEncodedKey,
  findKubernetesSecret,
  findPrivateKey,
  findPuttyKey,
  findUserInfo,
} from './find-structures.ts';
import { findSpelling, SPELLINGS } from './find-spellings.ts';
import { findMarked, findPairs, findPattern, findShape } from './find-tokens.ts';
import type { FindingSink } from './findings.ts';
import { LiteralAutomaton, type LiteralVisitor } from './literal-automaton.ts';
import { TOKEN_PATTERNS, TOKEN_SHAPES } from './token-shapes.ts';

/** What to do where a literal stands, from `start` to `end`. Gives where the same kind of search may go on. */
type Reaction = (text: string, start: number, end: number, sink: FindingSink) => number | undefined;
interface Literal {
  readonly literal: string;
  readonly kind: 'token' | 'field' | 'structure' | 'command' | 'manifest' | 'call' | 'sentence';
  readonly react: Reaction;
}

/** Pieces of the names credentials go by. The whole name around one is classified afterwards. */
const NAME_PIECES = `pass pwd psw secret token key auth cred bearer cookie session sessid jwt hmac psk passe mdp wort senha contrase clave
  wachtwoord haslo heslo jelsz parola sifre sandi salasana adgangs passord mnemonic phrase ticket signat sas_ contribsys securestring kennw losenord lozinka
  preshared schluessel schlussel chave chiave klucz sleutel nyckel avain jeton segret segredo geheim anahtar cleapi rootpw bindpw sonar certificat zugangsdat anmeldedat inloggegev identifiants macaroon samlresp ntlm nthash lmhash`;
/** Short ones count only as a whole part of a name. */
const WHOLE_PIECES = 'pw pin cle clef cert sid sig otp totp encrypt pat salt dsn sas code seed hash ticket st sk';
const MARKS =
  '_live_ _test_ _prod_ _secret_ _pat_ _token_ _api_ _key_ _sk_ _sec_ -secret- -api- -token- -pat- -live- -key- _apikey_ _access_ _refresh_ _priv_ _svc_ _sa_ _bot_';
const ENCODED_KEYS = ['LS0tLS1CRUdJT', '0tLS0tQkVHSU4', 'tLS0tLUJFR0lO'];

const list = (text: string): string[] => text.trim().split(/\s+/);

const field: Reaction = (text, start, end, sink) => findField(text, start, end, sink);
const wholeField: Reaction = (text, start, end, sink) =>
  (isIn(text, start - 1, 'alphanumeric') && !isHump(text, start)) || isIn(text, end, 'alphanumeric')
    ? undefined
    : findField(text, start, end, sink);
/** The capital with which a word begins inside a name, as in `devopsPat`. */
const isHump = (text: string, at: number): boolean => text.charCodeAt(at) < 91 && text.charCodeAt(at - 1) > 96;
const structure = (literal: string, react: Reaction): Literal => ({ literal, kind: 'structure', react });

const LITERALS: readonly Literal[] = [
  ...TOKEN_SHAPES.map(
    (shape): Literal => ({ literal: shape.prefix, kind: 'token', react: (text, start, _, sink) => findShape(text, start, shape, sink) }),
  ),
  ...TOKEN_PATTERNS.map(
    (each): Literal => ({ literal: each.literal, kind: 'token', react: (text, _, end, sink) => findPattern(text, end, each, sink) }),
  ),
  ...list(MARKS).map((literal): Literal => ({ literal, kind: 'token', react: (text, _, end, sink) => findMarked(text, end, sink) })),
  ...list(NAME_PIECES).map((literal): Literal => ({ literal, kind: 'field', react: field })),
  ...list(WHOLE_PIECES).map((literal): Literal => ({ literal, kind: 'field', react: wholeField })),
  structure('begin ', (text, start, _, sink) =>
    text[start - 1] === '-' || text[start - 1] === ' ' ? findPrivateKey(text, start, sink) : undefined,
  ),
  structure('insert ', (text, start, _, sink) => findInRows(text, start, sink)),
  structure('copy ', (text, start, _, sink) => findCopied(text, start, sink)),
  structure('kty', (text, start, _, sink) => findWebKey(text, start, sink)),
  structure('private-lines:', (text, _, end, sink) => findPuttyKey(text, end, sink)),
  structure('://', (text, _, end, sink) => findUserInfo(text, end, sink)),
  structure('basic ', (text, _, end, sink) => findBasic(text, end, sink)),
  structure('x-api-key', (text, _, end, sink) => findAuthorization(text, end, sink)),
  {
    literal: 'kind: secret',
    kind: 'manifest',
    react: (text, _, end, sink) => (/\w/.test(text[end] ?? '') ? undefined : findKubernetesSecret(text, end, sink)),
  },
  ...SPELLINGS.map((each) => structure(each.literal, (text, start, _, sink) => findSpelling(text, start, each, sink))),
  ...['@tcp(', '@unix(', '@udp('].map((literal) => structure(literal, (text, start, _, sink) => findDataSource(text, start, sink))),
  ...CALLS.map(
    ({ literal, account }): Literal => ({
      literal,
      kind: 'call',
      react: (text, _, end, sink) => findInCall(text, end, account, sink),
    }),
  ),
  ...REFUSALS.map(
    (literal): Literal => ({ literal, kind: 'sentence', react: (text, start, end, sink) => findRefused(text, start, end, sink) }),
  ),
  ...PROGRAMS.map(
    (literal): Literal => ({
      literal,
      kind: 'command',
      react: (text, start, _, sink) => (isIn(text, start - 1, 'alphanumeric') ? undefined : findCommand(text, start, sink)),
    }),
  ),
  ...['seed', 'phrase', 'mnemonic', 'wallet'].map((literal) =>
    structure(literal, (text, start, _, sink) => findSeedPhrase(text, start, sink)),
  ),
  ...ENCODED_KEYS.map((literal) =>
    structure(literal, (text, start, _, sink) =>
      text.startsWith(literal, start) && isWordStart(text, start) ? findEncodedKey(text, start, sink) : undefined,
    ),
  ),
];

const AUTOMATON = new LiteralAutomaton(LITERALS.map(({ literal }) => literal.toLowerCase()));
const LENGTHS = LITERALS.map(({ literal }) => literal.length);
/** A line of .pgpass: host, port, database, user, password. */
const PGPASS = /^[\w.*-]{1,128}:(?:\d{2,5}|\*):[\w.*-]{1,64}:[\w.*@-]{1,64}:([^\s:]{4,128})$/gm;

/** Everything in one text that looks like a credential, by its offsets. One pass for the literals, bounded looks around each. */
export function scanText(text: string, sink: FindingSink): void {
  if (text.length < 6) return;
  AUTOMATON.scan(text, new Reactions(text, sink));
  longRuns(text, 'address', 24, (start, end) => findPairs(text.slice(start, end), start, sink));
  findForeignFields(text, sink);
  if (text.includes(':') && /:(?:\d{2,5}|\*):/.test(text)) findPgpass(text, sink);
}

/** What the automaton meets, handed to who knows about it. What one kind of search has passed, it does not search again. */
class Reactions implements LiteralVisitor {
  private readonly passed = { token: 0, field: 0, structure: 0, command: 0, manifest: 0, call: 0, sentence: 0 };
  private readonly text: string;
  private readonly sink: FindingSink;

  constructor(text: string, sink: FindingSink) {
    this.text = text;
    this.sink = sink;
  }

  literal(index: number, end: number): void {
    const { kind, react } = LITERALS[index] as Literal;
    const start = end - (LENGTHS[index] as number);
    if (start < this.passed[kind]) return;
    const passed = react(this.text, start, end, this.sink);
    if (passed !== undefined) this.passed[kind] = passed;
  }
}

function findPgpass(text: string, sink: FindingSink): void {
  for (const found of text.matchAll(PGPASS)) {
    const end = found.index + found[0].length;
    sink.add(end - (found[1] as string).length, end, 'connection');
  }
}
