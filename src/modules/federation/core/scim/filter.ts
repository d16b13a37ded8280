import { scimErrors } from '../../scim.errors.js';

export type ComparisonOperator = 'eq' | 'co' | 'sw';

export interface Comparison {
  readonly kind: 'comparison';
  /** In lower case, without the schema it may be written with: `name.familyname`. */
  readonly attribute: string;
  readonly operator: ComparisonOperator;
  readonly value: string | boolean;
}

/** What a filter says. */
export type Filter = Comparison | { readonly kind: 'and' | 'or'; readonly left: Filter; readonly right: Filter };

const MAX_LENGTH = 1_024;
const MAX_COMPARISONS = 20;
const MAX_DEPTH = 8;
/** A word, a string of JSON, or a bracket, after white space. Sticky: no character goes unread. */
const TOKEN = /\s*(?:(?<word>[A-Za-z][\w$:.-]*)|(?<text>"(?:[^"\\]|\\.)*")|(?<bracket>[()[\]]))/y;
const OPERATORS: readonly string[] = ['eq', 'co', 'sw'];
const SCHEMA_PREFIX = /^urn:ietf:params:scim:schemas:core:2\.0:(?:user|group):/;

type Token = { readonly kind: 'word' | 'text' | 'bracket'; readonly text: string };

/**
 * Reads a filter of RFC 7644 §3.4.2.2: `eq`, `co`, `sw`, `and`, `or`, brackets, and a value path such as `emails[type eq "work"].value`. All else
 * is refused rather than misread, as is what is longer or deeper than directories ever ask. Raises `scim/invalid_filter`.
 */
export function parseFilter(text: string): Filter {
  const reader = new FilterReader(tokensOf(text));
  const filter = reader.disjunction(0);
  reader.end();
  return filter;
}

function tokensOf(text: string): Token[] {
  if (text.length > MAX_LENGTH) throw invalid(`It is longer than ${MAX_LENGTH} characters.`);
  const tokens: Token[] = [];
  const rest = text.trimEnd();
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < rest.length) {
    const { groups } = TOKEN.exec(rest) ?? {};
    if (groups === undefined) throw invalid('It has a character that no filter has there.');
    const { word, text: quoted, bracket } = groups;
    if (word !== undefined) tokens.push({ kind: 'word', text: word });
    else if (quoted !== undefined) tokens.push({ kind: 'text', text: quoted });
    else tokens.push({ kind: 'bracket', text: bracket ?? '' });
  }
  return tokens;
}

/** Recursive descent; `and` binds more tightly than `or`. */
class FilterReader {
  private position = 0;
  private comparisons = 0;

  constructor(private readonly tokens: readonly Token[]) {}

  disjunction(depth: number): Filter {
    let left = this.conjunction(depth);
    while (this.takeWord('or')) left = { kind: 'or', left, right: this.conjunction(depth) };
    return left;
  }

  end(): void {
    if (this.position < this.tokens.length) throw invalid('It goes on after its end.');
  }

  private conjunction(depth: number): Filter {
    let left = this.operand(depth);
    while (this.takeWord('and')) left = { kind: 'and', left, right: this.operand(depth) };
    return left;
  }

  private operand(depth: number): Filter {
    if (depth >= MAX_DEPTH) throw invalid(`It nests deeper than ${MAX_DEPTH} brackets.`);
    if (!this.takeBracket('(')) return this.comparison(depth);
    const inside = this.disjunction(depth + 1);
    if (!this.takeBracket(')')) throw invalid('A bracket is not closed.');
    return inside;
  }

  private comparison(depth: number): Filter {
    this.comparisons += 1;
    if (this.comparisons > MAX_COMPARISONS) throw invalid(`It compares more than ${MAX_COMPARISONS} times.`);
    const attribute = attributeName(this.next('word'));
    if (this.takeBracket('[')) return this.valuePath(attribute, depth);
    const operator = this.next('word').toLowerCase();
    if (!OPERATORS.includes(operator)) throw invalid('It uses an operator other than eq, co and sw.');
    return { kind: 'comparison', attribute, operator: operator as ComparisonOperator, value: this.value() };
  }

  /** `emails[type eq "work" and value co "@"]`: conditions on the parts of one value. */
  private valuePath(attribute: string, depth: number): Filter {
    const inside = this.disjunction(depth + 1);
    if (!this.takeBracket(']')) throw invalid('A bracket is not closed.');
    return within(attribute, inside);
  }

  private value(): string | boolean {
    const token = this.tokens[this.position];
    this.position += 1;
    if (token?.kind === 'text') return unquoted(token.text);
    const word = token?.kind === 'word' ? token.text.toLowerCase() : '';
    if (word !== 'true' && word !== 'false') throw invalid('A comparison needs a quoted text, true or false.');
    return word === 'true';
  }

  private next(kind: Token['kind']): string {
    const token = this.tokens[this.position];
    if (token?.kind !== kind) throw invalid('It ends or goes on where a comparison should stand.');
    this.position += 1;
    return token.text;
  }

  private takeWord(word: string): boolean {
    const token = this.tokens[this.position];
    if (token?.kind !== 'word' || token.text.toLowerCase() !== word) return false;
    this.position += 1;
    return true;
  }

  private takeBracket(bracket: string): boolean {
    const token = this.tokens[this.position];
    if (token?.kind !== 'bracket' || token.text !== bracket) return false;
    this.position += 1;
    return true;
  }
}

function within(attribute: string, filter: Filter): Filter {
  if (filter.kind === 'comparison') return { ...filter, attribute: `${attribute}.${filter.attribute}` };
  return { kind: filter.kind, left: within(attribute, filter.left), right: within(attribute, filter.right) };
}

/** Names are compared without regard to case (RFC 7643 §2.1). */
function attributeName(word: string): string {
  return word.toLowerCase().replace(SCHEMA_PREFIX, '');
}

function unquoted(text: string): string {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'string' && value.isWellFormed() && !value.includes('\u0000')) return value;
  } catch (error) {
    throw scimErrors.invalid_filter({ cause: error });
  }
  throw invalid('A text in it cannot be stored and so cannot be found.');
}

function invalid(reason: string): ReturnType<typeof scimErrors.invalid_filter> {
  return scimErrors.invalid_filter({ message: `This filter cannot be used. ${reason}` });
}
