import { addField } from './answer-head.js';
import { TOKEN_CHARACTER } from './grammar.js';
import { malformed } from './http-client.errors.js';

/** Twelve hexadecimal digits are 256 TiB, and exact in a number. */
const SIZE_MAX_DIGITS = 12;
/** Extensions are read over (RFC 9112 §7.1.1), but not for ever. */
const EXTENSION_MAX_BYTES = 1_024;
const TRAILERS_MAX_BYTES = 16_384;

const CR = 0x0d;
const LF = 0x0a;
const SEMICOLON = 0x3b;

/** RFC 9112 §7.1.1, without the blanks that it calls bad. */
const EXTENSIONS = new RegExp(String.raw`^(?:;${TOKEN_CHARACTER}+(?:=(?:${TOKEN_CHARACTER}+|"(?:[^"\\]|\\.)*"))?)*$`);

type State = 'size' | 'extension' | 'size_lf' | 'data' | 'data_cr' | 'data_lf' | 'trailer' | 'trailer_lf' | 'done';

/** The chunked transfer coding (RFC 9112 §7.1), read in whatever pieces it comes. Trailers are read over. */
export class ChunkedBody {
  private state: State = 'done';
  private digits = 0;
  private left = 0;
  /** Of what is only checked: a chunk's extensions, or a line of the trailers. */
  private line = '';
  private trailerBytes = 0;

  /** `onPiece` gets the data of all chunks of a push at once. */
  constructor(private readonly onPiece: (piece: Buffer) => void) {}

  get isDone(): boolean {
    return this.state === 'done';
  }

  begin(): void {
    this.state = 'size';
    this.digits = 0;
    this.left = 0;
    this.line = '';
    this.trailerBytes = 0;
  }

  /**
   * Where in `bytes` it stopped: at their end, or behind the body's. The data is moved together inside `bytes`. Raises `malformed_answer`, once
   * what came before has been handed on.
   */
  push(bytes: Buffer, from: number): number {
    let at = from;
    let first = from;
    let last = from;
    try {
      while (at < bytes.length && this.state !== 'done') {
        if (this.state !== 'data') {
          this.read(bytes[at++] as number);
          continue;
        }
        const to = Math.min(at + this.left, bytes.length);
        this.left -= to - at;
        if (this.left === 0) this.state = 'data_cr';
        if (first === last) [first, last] = [at, to];
        else {
          bytes.copyWithin(last, at, to);
          last += to - at;
        }
        at = to;
      }
    } finally {
      if (last > first) this.onPiece(bytes.subarray(first, last));
    }
    return at;
  }

  /** One byte of what is not data. Line ends are of both characters: a lone one is where readers begin to differ. */
  private read(byte: number): void {
    switch (this.state) {
      case 'size':
        return this.readSize(byte);
      case 'extension':
        return byte === CR ? this.endExtensions() : this.readText(byte, EXTENSION_MAX_BYTES);
      case 'size_lf':
        expect(byte, LF);
        this.state = this.left === 0 ? 'trailer' : 'data';
        return;
      case 'data_cr':
        expect(byte, CR);
        this.state = 'data_lf';
        return;
      case 'data_lf':
        expect(byte, LF);
        this.digits = 0;
        this.state = 'size';
        return;
      case 'trailer':
        this.trailerBytes += 1;
        if (byte === CR) this.state = 'trailer_lf';
        else this.readText(byte, TRAILERS_MAX_BYTES - this.trailerBytes);
        return;
      case 'trailer_lf':
        expect(byte, LF);
        return this.endTrailer();
      case 'data':
      case 'done':
        return;
    }
  }

  private readSize(byte: number): void {
    const digit = hexadecimal(byte);
    if (digit !== -1) {
      this.left = this.left * 16 + digit;
      this.digits += 1;
      if (this.digits > SIZE_MAX_DIGITS) throw malformed('a chunk that is too large');
      return;
    }
    if (this.digits === 0 || (byte !== CR && byte !== SEMICOLON)) throw malformed('a chunk without a size');
    if (byte === CR) {
      this.state = 'size_lf';
    } else {
      this.line = ';';
      this.state = 'extension';
    }
  }

  private endExtensions(): void {
    if (!EXTENSIONS.test(this.line)) throw malformed('a chunk whose extension is none');
    this.line = '';
    this.state = 'size_lf';
  }

  private endTrailer(): void {
    if (this.line === '') {
      this.state = 'done';
      return;
    }
    addField({}, this.line);
    this.line = '';
    this.state = 'trailer';
  }

  private readText(byte: number, maxBytes: number): void {
    if (byte !== 0x09 && (byte < 0x20 || byte === 0x7f)) throw malformed('a character between chunks that may not be there');
    if (this.line.length >= maxBytes) throw malformed('too much between chunks');
    this.line += String.fromCharCode(byte);
  }
}

function expect(byte: number, wanted: number): void {
  if (byte !== wanted) throw malformed('a line in a chunked body that does not end');
}

/** A digit's value, or -1. */
function hexadecimal(byte: number): number {
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30;
  const lower = byte | 0x20;
  return lower >= 0x61 && lower <= 0x66 ? lower - 0x57 : -1;
}
