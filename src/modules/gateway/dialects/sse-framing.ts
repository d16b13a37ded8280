import { dialectErrors } from './dialect.errors.js';

/** Receives one whole event: the bytes of `buffer` from `start` to `end`, its blank line included. */
export type EventSink = (buffer: Buffer, start: number, end: number) => void;

const LF = 0x0a;
const CR = 0x0d;
const COLON = 0x3a;
const SPACE = 0x20;
const BOM = '\ufeff';

/**
 * Cuts a byte stream into server-sent events (WHATWG HTML, section 9.2), whatever way it was cut before: inside a line, a
 * character, a CRLF. Lines may end in LF, CRLF or CR. The events' bytes, put together, are the stream's bytes; an event that
 * lies within one chunk is not copied. An event larger than the bound is refused, so a hostile upstream cannot fill the memory.
 */
export class SseSplitter {
  readonly #sink: EventSink;
  readonly #maxEventBytes: number;
  /** The beginning of an event whose end has not come; owned by this object until it is handed out. */
  #tail: Buffer | null = null;
  #tailLength = 0;
  #lineHasBytes = false;
  #afterCr = false;

  constructor(sink: EventSink, maxEventBytes: number) {
    this.#sink = sink;
    this.#maxEventBytes = maxEventBytes;
  }

  feed(chunk: Buffer): void {
    if (chunk.length === 0) return;
    let eventStart = 0;
    let lineStart = 0;
    if (this.#afterCr && chunk[0] === LF) {
      // The second half of a CRLF. If the CR ended an event that is already gone, this byte travels alone.
      lineStart = 1;
      if (this.#tailLength === 0) eventStart = this.#emit(chunk, 0, 1);
    }
    this.#afterCr = false;
    let lf = chunk.indexOf(LF, lineStart);
    let cr = chunk.indexOf(CR, lineStart);
    for (;;) {
      const lineEnd = lf === -1 || (cr !== -1 && cr < lf) ? cr : lf;
      if (lineEnd === -1) break;
      const blank = lineEnd === lineStart && !this.#lineHasBytes;
      lineStart = lineEnd + 1;
      if (lineEnd === cr) {
        if (lineStart === chunk.length) this.#afterCr = true;
        else if (chunk[lineStart] === LF) lineStart++;
        cr = chunk.indexOf(CR, lineStart);
      }
      if (lf !== -1 && lf < lineStart) lf = chunk[lineStart] === LF ? lineStart : chunk.indexOf(LF, lineStart);
      this.#lineHasBytes = false;
      if (blank) eventStart = this.#emit(chunk, eventStart, lineStart);
    }
    if (lineStart < chunk.length) this.#lineHasBytes = true;
    if (eventStart < chunk.length) this.#keep(chunk, eventStart, chunk.length);
  }

  /** The bytes of an event that has no end yet; they are given out once. */
  rest(): Buffer {
    const rest = this.#tail?.subarray(0, this.#tailLength) ?? Buffer.alloc(0);
    this.#tail = null;
    this.#tailLength = 0;
    return rest;
  }

  #emit(chunk: Buffer, start: number, end: number): number {
    if (this.#tailLength === 0) {
      this.#sink(chunk, start, end);
    } else {
      this.#keep(chunk, start, end);
      const event = this.rest();
      this.#sink(event, 0, event.length);
    }
    return end;
  }

  /** Grows by doubling: a stream that comes byte by byte is copied a constant number of times. */
  #keep(chunk: Buffer, start: number, end: number): void {
    const length = this.#tailLength + end - start;
    if (length > this.#maxEventBytes) {
      throw dialectErrors.event_too_large({ details: { maxEventBytes: this.#maxEventBytes } });
    }
    if (this.#tail === null || this.#tail.length < length) {
      const grown = Buffer.allocUnsafe(Math.max(512, length * 2));
      this.#tail?.copy(grown, 0, 0, this.#tailLength);
      this.#tail = grown;
    }
    chunk.copy(this.#tail, this.#tailLength, start, end);
    this.#tailLength = length;
  }
}

/** The `data` of an event: its data lines joined by line feeds, or null when it has none (a comment, a bare `event:`). */
export function eventData(buffer: Buffer, start: number, end: number): string | null {
  if (isDataField(buffer, start)) {
    const valueStart = buffer[start + 5] === SPACE ? start + 6 : start + 5;
    const lf = buffer.indexOf(LF, valueStart);
    // The everyday shape: one data line, and behind it nothing but the blank line. JSON never holds a raw CR.
    if (lf === end - 2 && buffer[lf + 1] === LF && buffer[lf - 1] !== CR) {
      const text = buffer.toString('utf8', valueStart, lf);
      if (!text.includes('\r')) return text;
    }
  }
  return dataOfLines(buffer.toString('utf8', start, end));
}

function isDataField(buffer: Buffer, at: number): boolean {
  return buffer[at] === 0x64 && buffer[at + 1] === 0x61 && buffer[at + 2] === 0x74 && buffer[at + 3] === 0x61 && buffer[at + 4] === COLON;
}

function dataOfLines(event: string): string | null {
  let data: string | null = null;
  for (const line of (event.startsWith(BOM) ? event.slice(1) : event).split(/\r\n|\n|\r/)) {
    let value: string;
    if (line === 'data') value = '';
    else if (line.startsWith('data: ')) value = line.slice(6);
    else if (line.startsWith('data:')) value = line.slice(5);
    else continue;
    data = data === null ? value : `${data}\n${value}`;
  }
  return data;
}
