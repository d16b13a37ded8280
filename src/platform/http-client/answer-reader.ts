import { ownCopy } from '../../kernel/bytes.js';
import { type AnswerHead, readAnswerHead } from './answer-head.js';
import { ChunkedBody } from './chunked-body.js';
import { malformed } from './http-client.errors.js';

export interface AnswerListener {
  /** The final head: those of 1xx are passed over (RFC 9110 §15.2). */
  onHead(head: AnswerHead): void;
  /** A piece of the body: a part of what was pushed, lent until this returns. */
  onBody(piece: Buffer): void;
  onEnd(): void;
}

/** The most a head may take. Node's own clients stop at the same. */
const HEAD_MAX_BYTES = 16_384;
const HEAD_END = Buffer.from('\r\n\r\n');
const SWITCHING_PROTOCOLS = 101;

/** Reads one answer after another from the bytes of a connection, in whatever pieces they come. */
export class AnswerReader {
  private readonly chunked: ChunkedBody;
  private state: 'head' | 'length' | 'chunked' | 'until_close' | 'done' = 'done';
  private unread: Buffer | null = null;
  private left = 0;

  constructor(private readonly listener: AnswerListener) {
    this.chunked = new ChunkedBody((piece) => listener.onBody(piece));
  }

  /** An answer is due now. */
  begin(): void {
    this.state = 'head';
    this.unread = null;
  }

  /** `bytes` are lent until it returns. Raises `malformed_answer`. Bytes that no answer is due for are malformed too: they would be taken for the next one's. */
  push(bytes: Buffer): void {
    let at = 0;
    if (this.state === 'head') {
      at = this.readHeads(bytes);
      if (at === -1) return;
      // What had come before its head was whole has been put in front.
      if (this.unread !== null) [bytes, this.unread] = [this.unread, null];
    }
    if (this.state === 'length') at = this.readLength(bytes, at);
    else if (this.state === 'chunked') at = this.readChunks(bytes, at);
    else if (this.state === 'until_close') at = this.passAll(bytes, at);
    if (at < bytes.length) throw malformed('bytes after the end of an answer');
  }

  /** The server will send no more. False when that comes before the answer's end. */
  finish(): boolean {
    if (this.state === 'until_close') this.end();
    return this.state === 'done';
  }

  /** Where the body begins, or -1 while the head is not whole. */
  private readHeads(bytes: Buffer): number {
    const all = this.unread === null ? bytes : Buffer.concat([this.unread, bytes]);
    this.unread = all === bytes ? null : all;
    for (let from = 0; ; ) {
      const end = all.indexOf(HEAD_END, from);
      if ((end === -1 ? all.length : end) - from > HEAD_MAX_BYTES) throw malformed('a head that is too large');
      if (end === -1) {
        this.unread = from > 0 || all === bytes ? ownCopy(all.subarray(from)) : all;
        return -1;
      }
      const head = readAnswerHead(all.toString('latin1', from, end));
      from = end + HEAD_END.length;
      // Nobody asked for another protocol (RFC 9110 §7.8).
      if (head.status === SWITCHING_PROTOCOLS) throw malformed('another protocol');
      if (head.status >= 200) {
        this.startBody(head);
        return from;
      }
    }
  }

  private startBody(head: AnswerHead): void {
    if (head.body === 'chunked') {
      this.state = 'chunked';
      this.chunked.begin();
    } else if (head.body === 'until_close') {
      this.state = 'until_close';
    } else {
      this.state = 'length';
      this.left = head.body;
    }
    this.listener.onHead(head);
  }

  private readLength(bytes: Buffer, from: number): number {
    const to = Math.min(from + this.left, bytes.length);
    this.left -= to - from;
    if (to > from) this.listener.onBody(from === 0 && to === bytes.length ? bytes : bytes.subarray(from, to));
    if (this.left === 0) this.end();
    return to;
  }

  private readChunks(bytes: Buffer, from: number): number {
    const to = this.chunked.push(bytes, from);
    if (this.chunked.isDone) this.end();
    return to;
  }

  private passAll(bytes: Buffer, from: number): number {
    if (bytes.length > from) this.listener.onBody(bytes.subarray(from));
    return bytes.length;
  }

  private end(): void {
    this.state = 'done';
    this.listener.onEnd();
  }
}
