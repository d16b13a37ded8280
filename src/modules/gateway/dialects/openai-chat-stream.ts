import { ownCopy } from '../../../kernel/bytes.js';
import type { AnswerFacts, EventsSink, StreamEnd, StreamTap, StreamTapOptions, UpstreamReportedError, Usage } from './dialect.js';
import { isObject, textOf, type JsonObject } from './json-values.js';
import { errorOfAnswer, meterMessage } from './openai-chat-answer.js';
import { usageOfAnswer } from './openai-chat-usage.js';
import { SseSplitter, eventData } from './sse-framing.js';
import { TokenMeter } from './token-estimate.js';

const END_MARK = '[DONE]';
const DEFAULT_MAX_EVENT_BYTES = 8 * 1024 * 1024;
/** What a provider may send behind its end mark before it is no longer kept. */
const MAX_BYTES_AFTER_END = 64 * 1024;
const LF = 0x0a;

/**
 * The tap of `chat.completion.chunk` streams. Only the separate usage event (`choices: []`) is ever hidden; the `"usage": null`
 * that OpenAI then puts into every other chunk stays, since taking it out would mean to rewrite each of them, and providers
 * that put usage on the finish chunk are passed through whole.
 */
export class OpenAiChatStreamTap implements StreamTap {
  readonly facts: ChatStreamFacts = new ChatStreamFacts();
  malformedEvents = 0;
  readonly #options: StreamTapOptions;
  readonly #splitter: SseSplitter;
  readonly #finishedChoices = new Set<unknown>();
  #sink: EventsSink | null = null;
  readonly #waiting: Buffer[] = [];
  #waitingBytes = 0;
  /** Events next to each other in one chunk leave as one piece: `#runBuffer` from `#runStart` to `#runEnd`. */
  #runBuffer: Buffer | null = null;
  #runStart = 0;
  #runEnd = 0;
  #done = false;
  #last: Buffer[] = [];
  #lastBytes = 0;

  constructor(options: StreamTapOptions) {
    this.#options = options;
    this.#splitter = new SseSplitter(
      (buffer, start, end) => this.#takeEvent(buffer, start, end),
      options.maxEventBytes ?? DEFAULT_MAX_EVENT_BYTES,
    );
  }

  get waitingBytes(): number {
    return this.#waitingBytes;
  }

  push(chunk: Buffer): void {
    if (this.#done) return this.#holdBack(chunk);
    try {
      this.#splitter.feed(chunk);
    } finally {
      this.#closeRun();
    }
    if (this.#done) this.#holdBack(this.#splitter.rest());
  }

  passTo(sink: EventsSink): void {
    this.#sink = sink;
    this.#waitingBytes = 0;
    for (const events of this.#waiting.splice(0)) sink(events);
  }

  finish(): StreamEnd {
    const rest = this.#splitter.rest();
    if (rest.length > 0) this.#takeRest(rest);
    if (this.facts.error !== null) return 'error';
    return this.#done || this.#finishedChoices.size >= this.#options.choices ? 'complete' : 'cut';
  }

  lastBytes(): Buffer[] {
    return this.#last;
  }

  #takeEvent(buffer: Buffer, start: number, end: number): void {
    if (this.#done) return this.#holdBack(buffer.subarray(start, end));
    const data = eventData(buffer, start, end);
    if (data !== null && data !== '') {
      if (isEndMark(data)) {
        this.#done = true;
        this.#closeRun();
        return this.#holdBack(buffer.subarray(start, end));
      }
      if (this.#readData(data) === 'hide') return;
    }
    if (this.#runBuffer !== buffer || this.#runEnd !== start) {
      this.#closeRun();
      this.#runBuffer = buffer;
      this.#runStart = start;
    }
    this.#runEnd = end;
  }

  /** Some providers leave out the last blank line. What is whole without it counts; half an event is dropped, as a client would. */
  #takeRest(rest: Buffer): void {
    const data = eventData(rest, 0, rest.length);
    if (data === null || !(isEndMark(data) || isJsonObject(data))) return;
    const whole = Buffer.concat([rest, Buffer.from(rest.at(-1) === LF ? '\n' : '\n\n')]);
    this.#takeEvent(whole, 0, whole.length);
    this.#closeRun();
  }

  #readData(data: string): 'hide' | 'forward' {
    let chunk: unknown;
    try {
      chunk = JSON.parse(data);
    } catch {
      this.malformedEvents++;
      return 'forward';
    }
    if (!isObject(chunk)) {
      this.malformedEvents++;
      return 'forward';
    }
    const facts = this.facts;
    facts.responseId ??= textOf(chunk.id);
    facts.model ??= textOf(chunk.model);
    facts.error ??= errorOfAnswer(chunk);
    const usage = usageOfAnswer(chunk, this.#options);
    if (usage !== null) facts.usage = usage;
    const choices = chunk.choices;
    if (!Array.isArray(choices)) return 'forward';
    for (const choice of choices as unknown[]) {
      if (isObject(choice)) this.#readChoice(choice);
    }
    return this.#options.hideUsage && choices.length === 0 && usage !== null && facts.error === null ? 'hide' : 'forward';
  }

  #readChoice(choice: JsonObject): void {
    const facts = this.facts;
    const delta = choice.delta ?? choice.message;
    if (isObject(delta) && meterMessage(delta, facts.meter)) {
      facts.hasContent = true;
      facts.deltas++;
    }
    const reason = textOf(choice.finish_reason);
    if (reason === null) return;
    facts.hasContent = true;
    this.#finishedChoices.add(choice.index ?? 0);
    if (facts.finishReason === null || choice.index === 0) facts.finishReason = reason;
  }

  #closeRun(): void {
    const buffer = this.#runBuffer;
    if (buffer === null) return;
    this.#runBuffer = null;
    const isWhole = this.#runStart === 0 && this.#runEnd === buffer.length;
    const events = isWhole ? buffer : buffer.subarray(this.#runStart, this.#runEnd);
    if (this.#sink) return this.#sink(events);
    this.#waiting.push(ownCopy(events));
    this.#waitingBytes += events.length;
  }

  #holdBack(bytes: Buffer): void {
    if (bytes.length === 0 || this.#lastBytes > MAX_BYTES_AFTER_END) return;
    this.#last.push(ownCopy(bytes));
    this.#lastBytes += bytes.length;
  }
}

class ChatStreamFacts implements AnswerFacts {
  usage: Usage | null = null;
  finishReason: string | null = null;
  model: string | null = null;
  responseId: string | null = null;
  hasContent = false;
  error: UpstreamReportedError | null = null;
  readonly meter = new TokenMeter();
  /** Deltas that carried something. Each stands for one token at least. */
  deltas = 0;

  get outputTokensEstimate(): number {
    return Math.max(this.meter.tokens, this.deltas);
  }
}

function isEndMark(data: string): boolean {
  return data === END_MARK || (data.startsWith('[') && data.trim() === END_MARK);
}

function isJsonObject(data: string): boolean {
  try {
    return isObject(JSON.parse(data));
  } catch {
    return false;
  }
}
