import { decodeJsonString } from './decode-json-string.ts';
import { isHeld, isHolder } from './find-blocks.ts';
import { Findings, type FindingSink, REDACTED } from './findings.ts';
import { type JsonVisitor, mayBeJson, readJson } from './json-reader.ts';
import { type KeyKind, kindOfKey } from './key-names.ts';
import { isPlaceholder, isSecretValue, isSessionNumber } from './plausibility.ts';
import { type LayerScan, scanLayers } from './scan-layers.ts';
import { type View, ViewSink } from './view.ts';

/** What a field says of its own value and hands down: to the members of an array, to `value` and `default` below it. */
interface Frame {
  readonly kind: '{' | '[';
  readonly inherited: string;
  key: string;
  name: string | undefined;
  value: Piece | undefined;
  keyType: boolean;
  privatePart: Piece[];
  /** This is a Kubernetes Secret; and what the fields below its `data` hold. */
  isSecret: boolean;
  readonly held: Piece[];
  /** Of an array: how many values it has so far, and what they say while it is the first of several, as the head of a table is. */
  place: number;
  readonly cells: string[];
  /** Of an array of arrays: what its first one says. */
  heads: readonly string[] | undefined;
}
interface Piece {
  readonly start: number;
  readonly end: number;
  readonly view: View;
}

/** Keys that say nothing themselves: what their parent is called counts. */
const TRANSPARENT =
  /^(?:value|val|default|default_?value|secure|plain|plaintext|raw|data|literal|const|example|examples|current|string_?value|secret_?string|content|text|enum|[sbn]|[0-9]+)$/i;
const NAMING =
  /^(?:name|key|header|header_?name|field|variable|var|env|label|param|parameter|parameter_?key|id|property|setting|option|element)$/i;
const NAMED_VALUE = /^(?:value|val|content|default|string_?value|data|secret|text|current_?value|parameter_?value)$/i;
/** What agents call the part of a page they type into. */
const OF_A_PAGE = / (?:field|input|text ?box|box)$/i;
/** How tools that drive a browser say the same: `input[name="password"]`, `#apiKey`. */
const SELECTING = /^(?:selector|locator|css_?selector|xpath|target|query_?selector)$/i;
const SELECTED = /(?:pass(?:word|wd|code|phrase)|secret|api[-_]?key|(?:access|auth)[-_]?token)\b/i;
/** RFC 7518: the private members of a JSON Web Key; and what Cardano's tools call those of theirs. */
const PRIVATE_MEMBER = /^(?:d|p|q|dp|dq|qi|k|oth|cborHex)$/;
/** A name of one word or two: more of them are something said. */
const PAIRED = /^[\p{L}\p{M}\d_.$-]+(?: [\p{L}\p{M}\d_.$-]+)?$/u;
/** Signed by the provider, and needed to go on with a conversation. */
const OPAQUE = /^(?:signature|thoughtSignature|thought_signature|encrypted_content|encryptedContent|b64_json|partial_image_b64)$/;
/** A number that only its field's name tells apart, as with telephones. */
const BY_NAME = /^[+(\d][\d ().-]{6,20}$/;
const MOST_COLUMNS = 64;
const LONGEST_HEAD = 64;
const DEEPEST_FRAME = 2000;
const DEEPEST_JSON = 8;

/** One reading of a JSON text. */
export interface JsonScan {
  readonly source: string;
  readonly scan: LayerScan;
  /** How many texts of JSON this one stands in. */
  readonly depth: number;
  /**
   * This text is what an earlier scan left. A string nothing was cut from is the very one that was found clean, and is not scanned
   * twice; names and numbers are looked at again.
   */
  readonly again: boolean;
}

/** Reads a JSON text and scans each string in it, by the name of its field and by what it says. False when it is no JSON. */
export function scanJson(what: JsonScan, findings: Findings): boolean {
  return readJson(what.source, new Walk(what, findings));
}

class Walk implements JsonVisitor {
  private readonly frames: Frame[] = [];
  private tooDeep = 0;
  private readonly source: string;
  private readonly scan: LayerScan;
  private readonly what: JsonScan;
  private readonly findings: Findings;

  constructor(what: JsonScan, findings: Findings) {
    this.source = what.source;
    this.scan = what.scan;
    this.what = what;
    this.findings = findings;
  }

  open(kind: '{' | '['): void {
    if (this.frames.length >= DEEPEST_FRAME) {
      this.tooDeep++;
      return;
    }
    const outer = this.frames.at(-1);
    const inherited =
      outer === undefined ? '' : outer.kind === '[' ? outer.inherited : TRANSPARENT.test(outer.key) ? outer.inherited : outer.key;
    this.frames.push({
      kind,
      inherited,
      key: '',
      name: undefined,
      value: undefined,
      keyType: false,
      privatePart: [],
      isSecret: false,
      held: [],
      place: 0,
      cells: [],
      heads: undefined,
    });
  }

  close(): void {
    if (this.tooDeep > 0) {
      this.tooDeep--;
      return;
    }
    const frame = this.frames.pop();
    if (frame === undefined) return;
    this.closeSecret(frame);
    const outer = this.frames.at(-1);
    if (outer?.kind === '[') {
      outer.place++;
      if (frame.kind === '[' && frame.cells.length === frame.place) outer.heads ??= frame.cells;
    }
    if (frame.keyType) for (const piece of frame.privatePart) this.findings.add(piece.start, piece.end, 'private_key');
    if (frame.name === undefined || frame.value === undefined) return;
    // A list of cookies, as browsers save them: what a cookie is called matters less than that it is one.
    this.judge(/cookies$/i.test(frame.inherited) ? `${frame.name}_token` : frame.name, frame.value);
  }

  /** What `data` holds is known to be secret once all of the manifest was read. */
  private closeSecret(frame: Frame): void {
    const outer = this.frames.at(-1);
    if (outer !== undefined && /^(?:data|stringData)$/.test(outer.key)) outer.held.push(...frame.held);
    if (!frame.isSecret) return;
    for (const { start, end, view } of frame.held) if (!isPlaceholder(view.text)) this.findings.add(start, end, 'credential');
  }

  key(start: number, end: number, escaped: boolean): void {
    const frame = this.frames.at(-1);
    const view = this.view(start, end, escaped);
    if (frame !== undefined) frame.key = view.text;
    if (end - start >= 12) this.scanString({ start, end, view });
  }

  string(start: number, end: number, escaped: boolean): void {
    const frame = this.frames.at(-1);
    const piece = { start, end, view: this.view(start, end, escaped) };
    const name = this.nameOf(frame);
    if (frame?.kind === '{') this.remember(frame, piece);
    else if (frame !== undefined && (this.judgeCell(frame, piece) || this.judgePair(frame, piece))) return;
    if (OPAQUE.test(name) && piece.view.text.length > 32 && !/\s/.test(piece.view.text)) return;
    if (this.judge(name, piece)) return;
    if (frame !== undefined && isHolder(frame.inherited) && isHeld(frame.kind === '{' ? name : undefined, piece.view.text)) {
      this.findings.add(start, end, 'credential');
      return;
    }
    if (name !== '' && BY_NAME.test(piece.view.text)) this.scanField(name, piece);
    else this.scanString(piece);
  }

  number(start: number, end: number): void {
    const frame = this.frames.at(-1);
    if (frame?.kind === '[') frame.place++;
    const kind = kindOfKey(this.nameOf(frame));
    const digits = this.source.slice(start, end);
    if (
      (kind === 'password' && /^\d{4,}$/.test(digits)) ||
      (kind === 'secret' && /^\d{8,}$/.test(digits)) ||
      (kind === 'code' && isSecretValue(kind, digits, 'assigned'))
    )
      this.findings.add(start, end, 'credential', true);
    else if (digits.length >= 7) this.scan(digits, { add: () => this.findings.add(start, end, 'personal_data', true) });
  }

  other(): void {
    // true, false and null hold nothing, but have a place.
    const frame = this.frames.at(-1);
    if (frame?.kind === '[') frame.place++;
  }

  private view(start: number, end: number, escaped: boolean): View {
    return decodeJsonString(this.source, start, end, escaped);
  }

  private nameOf(frame: Frame | undefined): string {
    if (frame === undefined) return '';
    if (frame.kind === '[') return frame.inherited;
    if (!TRANSPARENT.test(frame.key) || frame.inherited === '') return frame.key;
    return frame.inherited;
  }

  private remember(frame: Frame, piece: Piece): void {
    const text = piece.view.text;
    const outer = this.frames.at(-2);
    if (outer !== undefined && /^(?:data|stringData)$/.test(outer.key)) frame.held.push(piece);
    if (frame.key === 'kind' && text === 'Secret') frame.isSecret = true;
    if (frame.key === 'kty' || (frame.key === 'type' && /SigningKey/.test(text))) frame.keyType = true;
    else if (PRIVATE_MEMBER.test(frame.key) && text.length >= 16) frame.privatePart.push(piece);
    else if (NAMING.test(frame.key) && text.length <= 96) frame.name ??= text.replace(OF_A_PAGE, '');
    else if (SELECTING.test(frame.key)) frame.name ??= SELECTED.exec(text)?.[0];
    else if (NAMED_VALUE.test(frame.key)) frame.value ??= piece;
  }

  /** `["API_KEY", "…"]`: a member of an array may name the next one. */
  private judgePair(frame: Frame, piece: Piece): boolean {
    const named = frame.name !== undefined && kindOfKey(frame.name) !== 'none' && this.judge(frame.name, piece);
    frame.name = piece.view.text.length <= 64 && PAIRED.test(piece.view.text) ? piece.view.text : undefined;
    return named;
  }

  /** `[["User", "Password"], ["ana", "…"]]`: the first row of a table says what is in the others. */
  private judgeCell(frame: Frame, piece: Piece): boolean {
    const place = frame.place++;
    const outer = this.frames.at(-2);
    if (outer?.kind !== '[') return false;
    const head = outer.heads?.[place];
    if (head === undefined) {
      if (outer.heads === undefined && place < MOST_COLUMNS) frame.cells.push(piece.view.text.slice(0, LONGEST_HEAD));
      return false;
    }
    const kind = kindOfKey(head.replaceAll(' ', '_'));
    const standing = kind === 'password' ? 'assigned' : 'loose';
    if (kind === 'cookie' || kind === 'authorization' || !isSecretValue(kind, piece.view.text, standing)) return false;
    this.findings.add(piece.start, piece.end, 'credential');
    return true;
  }

  /** Cuts the value when the field's name says so. */
  private judge(name: string, piece: Piece): boolean {
    const { text } = piece.view;
    if (name === '' || text.length < 4) return false;
    const kind: KeyKind = name === 'auth' && text.length >= 16 ? 'secret' : kindOfKey(name);
    if (kind === 'none' || kind === 'cookie') return kind === 'cookie' && this.scanField(name, piece);
    if (kind === 'authorization') return this.scanField(name, piece);
    if (isSessionNumber(name, text)) return false;
    const scheme = /^(?:bearer|basic|token|apikey|key)\s+/i.exec(text)?.[0].length ?? 0;
    if (!isSecretValue(kind, text.slice(scheme), 'quoted')) return false;
    new ViewSink(piece.view, this.findings).add(scheme, text.length, 'credential');
    return true;
  }

  /** Headers have a syntax of their own: read as a line of text, name first. */
  private scanField(name: string, piece: Piece): boolean {
    const line = `${name}: ${piece.view.text}`;
    const shift = name.length + 2;
    const inner = new ViewSink(piece.view, this.findings);
    let found = false;
    this.scan(line, {
      add: (start, end, family) => {
        if (end <= shift) return;
        found = true;
        inner.add(Math.max(0, start - shift), end - shift, family);
      },
    });
    return found;
  }

  private scanString(piece: Piece): void {
    const { text } = piece.view;
    if (this.what.again && !text.includes(REDACTED)) return;
    const sink = new ViewSink(piece.view, this.findings);
    if (this.what.depth < DEEPEST_JSON && mayBeJson(text) && this.scanNested(text, sink)) return;
    scanLayers(text, sink, this.scan);
  }

  /** JSON in a string of JSON. Its findings count only when all of it was read. */
  private scanNested(text: string, sink: FindingSink): boolean {
    const inner = new Findings();
    if (!scanJson({ ...this.what, source: text, depth: this.what.depth + 1 }, inner)) return false;
    for (const { start, end, family, number } of inner.merged()) sink.add(start, end, family, number);
    return true;
  }
}
