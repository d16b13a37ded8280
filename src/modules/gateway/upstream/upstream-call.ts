import { joined, ownCopy } from '../../../kernel/bytes.js';
import { AppError } from '../../../kernel/errors.js';
import type { AnswerHead, AnswerHeaders } from '../../../platform/http-client/answer-head.js';
import type { ExchangeControl, ExchangeHandler } from '../../../platform/http-client/client-connection.js';
import type { AnswerFacts, Dialect, StreamTap, StreamTapOptions } from '../dialects/dialect.js';
import type { AttemptFailure } from './attempt-failure.js';
import { Cancelled, failureOfAnswer, failureOfConnection, failureOfStatus } from './attempt-failure.js';
import { ERROR_BODY_MAX_BYTES, headersToKeep, readRefusal, showsPieceOf } from './upstream-request.js';

/** How an attempt ended. */
export type AttemptEnd =
  | { readonly kind: 'failed'; readonly failure: AttemptFailure }
  /** A whole answer, not yet shown to the client. */
  | { readonly kind: 'whole'; readonly answer: UpstreamHead; readonly body: Buffer; readonly facts: AnswerFacts }
  /** A stream the client has seen part of; only its last bytes wait for the settlement. */
  | { readonly kind: 'streamed'; readonly answer: UpstreamHead; readonly tap: StreamTap; readonly end: StreamEnding };

/** `complete` and `error` as the provider ended it; `cut` by the network; the others are ours. */
export type StreamEnding = 'complete' | 'error' | 'cut' | 'timeout' | 'client_gone' | 'shutdown';

export interface UpstreamHead {
  readonly status: number;
  readonly headers: AnswerHeaders;
}

/** Where a stream goes. */
export interface StreamSink {
  /** The first content is here: from now on there is no failover. */
  begin(head: UpstreamHead): void;
  /** `events` are lent until it returns. False: hold on until `onRelieved` is called. */
  write(events: Buffer): boolean;
  onRelieved(resume: () => void): void;
}

export interface UpstreamCallOptions {
  readonly stream: boolean;
  readonly firstByteMs: number;
  readonly idleMs: number;
  readonly maxAnswerBytes: number;
  /** The credential in use, so that an error which echoes it is not shown. */
  readonly secret: string;
  readonly dialect: Dialect;
  readonly tap: StreamTapOptions;
  readonly sink: StreamSink;
}

/** What may come before the first content: the role, and the comments that say the provider is at work. */
const HELD_MAX_BYTES = 1_048_576;
/** The rest of an answer that has already been judged. */
const UNWANTED = new Error('the rest of the answer is not wanted');

/**
 * One request to one upstream: follows the answer from its first byte to its last and says how it ended, once. A stream's events
 * are held until the first content, so that until then another upstream can still take over (peers 14).
 */
export class UpstreamCall implements ExchangeHandler {
  private control: ExchangeControl | null = null;
  private head: UpstreamHead | null = null;
  private tap: StreamTap | null = null;
  private begun = false;
  private isRoomy = true;
  /** What would have come next shows our credential. */
  private isTelling = false;
  private chunks: Buffer[] = [];
  private bytes = 0;
  private ended = false;
  private cancelled: Cancelled | null = null;
  private readonly timer: NodeJS.Timeout;
  private idle: NodeJS.Timeout | undefined;

  constructor(
    private readonly options: UpstreamCallOptions,
    private readonly resolve: (end: AttemptEnd) => void,
  ) {
    this.timer = setTimeout(() => this.cancel(new Cancelled('timeout')), options.firstByteMs);
  }

  /** Stops the call now, for a reason of ours. */
  cancel(reason: Cancelled): void {
    if (this.ended || this.cancelled) return;
    this.cancelled = reason;
    this.control?.abort(reason);
    if (!this.control) this.endWith({ kind: 'failed', failure: failureOfConnection(reason, false) });
  }

  onSending(control: ExchangeControl): void {
    this.control = control;
    if (this.cancelled) control.abort(this.cancelled);
  }

  onHead({ status, headers }: AnswerHead): void {
    this.head = { status, headers };
    if (status !== 200) return;
    // Neither was asked for: what is compressed cannot be read, and a stream's client takes a whole answer for an empty one.
    const isStream = (headers['content-type'] ?? '').includes('text/event-stream');
    const isPlain = (headers['content-encoding'] ?? 'identity') === 'identity';
    if (isStream !== this.options.stream || !isPlain) return this.giveUp(failureOfAnswer('invalid'));
    if (!isStream) return;
    this.head = { status, headers: headersToKeep(headers) };
    this.tap = this.options.dialect.createStreamTap(this.options.tap);
  }

  onBody(piece: Buffer): void {
    // What had been read already when the rest was given up.
    if (this.ended) return;
    if (this.tap) this.pass(this.tap, piece);
    else this.collect(piece);
  }

  onEnd(): void {
    const { head, tap } = this;
    if (!head) return this.fail(failureOfAnswer('invalid'));
    if (tap) return this.endStream(head, tap, tap.finish());
    const body = joined(this.chunks);
    if (head.status !== 200) return this.failByStatus(head, body);
    const facts = this.options.dialect.readAnswer(body);
    if (facts.error) return this.fail(failureOfAnswer('error_event', facts.error.status ?? head.status));
    if (!facts.hasContent && facts.usage === null && facts.finishReason === null) return this.fail(failureOfAnswer('invalid'));
    this.endWith({ kind: 'whole', answer: head, body, facts });
  }

  onFailed(error: Error): void {
    const cause = this.cancelled ?? error;
    if (this.ended) return;
    if (this.begun && this.head && this.tap) {
      // What the provider had still sent counts, and so does what it said of the end: a stream whose choices have all finished is whole,
      // even when its connection lingers or breaks.
      const end = this.tap.finish();
      return this.endStream(this.head, this.tap, end === 'cut' && cause instanceof Cancelled ? cause.reason : end);
    }
    // A refusal is one as soon as its status is known.
    if (this.head && this.head.status !== 200) return this.failByStatus(this.head, joined(this.chunks));
    if (this.head && !(cause instanceof Cancelled)) return this.fail(failureOfAnswer('cut', this.head.status));
    this.fail(failureOfConnection(cause, this.control !== null));
  }

  private pass(tap: StreamTap, piece: Buffer): void {
    const isBroken = !takes(tap, piece);
    const { error, hasContent } = tap.facts;
    if (!this.begun) {
      if (!hasContent) {
        if (error) this.giveUp(failureOfAnswer('error_event', error.status ?? 200));
        else if (isBroken || tap.waitingBytes > HELD_MAX_BYTES) this.giveUp(failureOfAnswer('too_large'));
        return;
      }
      this.begin(tap);
    }
    this.idle?.refresh();
    if (isBroken || this.isTelling) return this.breakOff(tap);
    if (!this.isRoomy) this.holdOn();
  }

  private forward(tap: StreamTap, events: Buffer): void {
    // The provider's own words for an error pass, unless they quote our credential (peers 22).
    this.isTelling ||= tap.facts.error !== null && showsPieceOf(this.options.secret, events);
    if (!this.isTelling) this.isRoomy = this.options.sink.write(events);
  }

  /** Ends a stream that the client has seen part of and that cannot go on. */
  private breakOff(tap: StreamTap): void {
    this.endStream(this.head as UpstreamHead, tap, 'cut');
    this.control?.abort(UNWANTED);
  }

  /** Gives the answer up before the client has seen any of it. First the end, then the abort: aborting reports an error at once. */
  private giveUp(failure: AttemptFailure): void {
    this.fail(failure);
    this.control?.abort(UNWANTED);
  }

  private begin(tap: StreamTap): void {
    this.begun = true;
    clearTimeout(this.timer);
    this.idle = setTimeout(() => this.cancel(new Cancelled('timeout')), this.options.idleMs);
    this.options.sink.begin(this.head as UpstreamHead);
    tap.passTo((events) => this.forward(tap, events));
  }

  /** The client reads slower than the provider writes. Its slowness is not the provider's silence, so the idle clock stops too. */
  private holdOn(): void {
    this.control?.pause();
    clearTimeout(this.idle);
    this.options.sink.onRelieved(() => {
      if (this.ended) return;
      this.isRoomy = true;
      this.idle = setTimeout(() => this.cancel(new Cancelled('timeout')), this.options.idleMs);
      this.control?.resume();
    });
  }

  private collect(chunk: Buffer): void {
    this.bytes += chunk.length;
    this.chunks.push(ownCopy(chunk));
    const { head } = this;
    if (head && head.status !== 200 && this.bytes >= ERROR_BODY_MAX_BYTES) {
      this.failByStatus(head, joined(this.chunks));
      return this.control?.abort(UNWANTED);
    }
    if (this.bytes > this.options.maxAnswerBytes) return this.giveUp(failureOfAnswer('too_large'));
    // Most answers come in one piece: nothing more has to be waited for.
    if (String(this.bytes) === head?.headers['content-length']) return;
    if (this.bytes === chunk.length) {
      clearTimeout(this.timer);
      this.idle = setTimeout(() => this.cancel(new Cancelled('timeout')), this.options.idleMs);
    } else {
      this.idle?.refresh();
    }
  }

  private failByStatus(head: UpstreamHead, body: Buffer): void {
    const retryAfter = head.headers['retry-after'];
    const refusal = readRefusal(body, head.headers['content-type'] ?? '', this.options.secret);
    this.fail(failureOfStatus(head.status, { retryAfter: typeof retryAfter === 'string' ? retryAfter : undefined, ...refusal }));
  }

  private endStream(head: UpstreamHead, tap: StreamTap, end: StreamEnding): void {
    if (this.ended) return;
    if (!this.begun) {
      // An empty stream that ended properly is an answer; everything else leaves room for another try.
      if (end !== 'complete') return this.fail(failureOfAnswer(end === 'error' ? 'error_event' : 'cut'));
      this.begin(tap);
    }
    this.endWith({ kind: 'streamed', answer: head, tap, end: this.isTelling ? 'cut' : end });
  }

  private fail(failure: AttemptFailure): void {
    this.endWith({ kind: 'failed', failure });
  }

  private endWith(end: AttemptEnd): void {
    if (this.ended) return;
    this.ended = true;
    clearTimeout(this.timer);
    clearTimeout(this.idle);
    this.resolve(end);
  }
}

/** False for an event past its bound. What came before it has been read, and passed on. */
function takes(tap: StreamTap, piece: Buffer): boolean {
  try {
    tap.push(piece);
    return true;
  } catch (error) {
    if (error instanceof AppError) return false;
    throw error;
  }
}
