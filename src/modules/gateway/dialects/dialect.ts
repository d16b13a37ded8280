import type { AppError } from '../../../kernel/errors.js';
import type { JsonObjectMap } from './json-members.js';

/**
 * What routing and metering need to know of a client's request. Holds no content: only figures, names and byte
 * positions, so it may live as long as the exchange does.
 */
export interface ReadRequest {
  /** As the client wrote it: printable, 1 to 256 characters, safe to store and to show. */
  readonly model: string;
  readonly stream: boolean;
  /** The client itself asked for the usage chunk of a stream, so it must not be hidden from it. */
  readonly includeUsage: boolean;
  /** The cap on generated tokens of one choice, or null when the client set none. */
  readonly maxOutputTokens: number | null;
  /** How many alternatives are generated; each may reach `maxOutputTokens`. */
  readonly choices: number;
  readonly inputBytes: number;
  /** An estimate: see {@link estimateTokens}. Used for holds, and to charge calls whose usage never came. */
  readonly inputTokensEstimate: number;
  /** The end-user id the client sent, if any (C9). Printable, at most 512 characters. */
  readonly endUser: string | null;
  /** Where the top-level members stand in the body. */
  readonly members: JsonObjectMap;
}

/**
 * Tokens of one call, normalised over providers: `inputTokens` is every prompt token billed or cached, `outputTokens`
 * every generated token, reasoning included. The others are parts of those two, never to be added to them.
 */
export interface Usage {
  readonly inputTokens: number;
  readonly outputTokens: number;
  readonly cachedInputTokens: number;
  readonly cacheWriteTokens: number;
  readonly reasoningTokens: number;
  readonly audioInputTokens: number;
  readonly audioOutputTokens: number;
}

/** An error that a provider reported inside an HTTP 200. Its message is left out on purpose: it may quote content. */
export interface UpstreamReportedError {
  readonly type: string | null;
  readonly code: string | null;
  /** The HTTP status the provider would have sent, when it says. */
  readonly status: number | null;
}

/** What is known of an answer, whole or streamed. */
export interface AnswerFacts {
  /** Null when the provider reported none: unknown, which is not zero. A reported zero is zero. */
  readonly usage: Usage | null;
  /** The raw word of the first choice. */
  readonly finishReason: string | null;
  /** The model the provider says it used. */
  readonly model: string | null;
  readonly responseId: string | null;
  readonly hasContent: boolean;
  readonly error: UpstreamReportedError | null;
  /** An estimate from the text, reasoning and tool arguments that were seen; for calls without `usage`. */
  readonly outputTokensEstimate: number;
}

/** How a provider departs from the dialect it speaks. */
export interface AnswerOptions {
  /** Reasoning tokens are not counted in the completion tokens (xAI). Only asked when the reported total does not tell. */
  readonly reasoningOutsideOutput?: boolean;
}

export interface StreamTapOptions extends AnswerOptions {
  /** Drop the extra usage event, because the gateway asked for it and the client did not. */
  readonly hideUsage: boolean;
  /** `n` of the request: how many finish reasons make a stream whole. */
  readonly choices: number;
  /** Upper bound of one event, in bytes. 8 MiB unless told. */
  readonly maxEventBytes?: number;
}

/**
 * How a stream ended. `complete`: the end mark came, or every choice finished. `error`: the provider reported one inside the
 * stream. `cut`: the bytes stopped before either, so the client must be told (peers 13).
 */
export type StreamEnd = 'complete' | 'error' | 'cut';

/** Takes whole events, next to each other. They are lent until it returns. */
export type EventsSink = (events: Buffer) => void;

/**
 * Listens to a provider's stream as it passes. Bytes go in by `push`; whole events wait until `passTo` says where they go, unchanged;
 * the facts grow meanwhile. While they wait, until `facts.hasContent`, failover is possible.
 */
export interface StreamTap {
  /** A live view: the same object throughout. */
  readonly facts: AnswerFacts;
  /** Data lines that were not JSON. They are forwarded; they only cannot be read. */
  readonly malformedEvents: number;
  /** Bytes of whole events that wait for `passTo`. */
  readonly waitingBytes: number;
  /** Takes what the provider sent, cut anywhere; it is lent until this returns. Throws `dialect/event_too_large`; the stream is then lost. */
  push(chunk: Buffer): void;
  /** Where whole events go from now on, those first that waited. Never the end mark. */
  passTo(sink: EventsSink): void;
  /** The provider's connection ended, well or badly: reads what is left, passes it on and says how the stream ended. */
  finish(): StreamEnd;
  /** The end mark and all behind it: to be sent after the call is settled. Empty if the provider sent none. */
  lastBytes(): Buffer[];
}

/** What the gateway changes in a body on its way upstream. Every other byte stays as the client wrote it. */
export interface RequestChanges {
  /** The provider's own name for the model. */
  readonly model?: string;
  /** Ask for usage in the stream. No effect when the client already has. */
  readonly includeUsage?: boolean;
  /** Write `store: false` (C8). */
  readonly neverStore?: boolean;
}

/** An error as the client will read it. */
export interface WrittenError {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | number>>;
  readonly body: Buffer;
}

/** One way clients speak to the gateway. Pure: no I/O, no clock, nothing kept between calls. */
export interface Dialect {
  readonly name: string;
  /** Throws `lethe/invalid_request` that names the field. Never quotes the body. */
  readRequest(body: Buffer): ReadRequest;
  /** Gives back `body` itself when there is nothing to change. */
  rewriteRequest(body: Buffer, request: ReadRequest, changes: RequestChanges): Buffer;
  /** Reads a whole answer. A body that cannot be read gives facts that are all unknown. */
  readAnswer(body: Buffer, options?: AnswerOptions): AnswerFacts;
  createStreamTap(options: StreamTapOptions): StreamTap;
  writeError(error: AppError, requestId: string): WrittenError;
  /** The bytes that end a stream which has already begun. */
  writeStreamError(error: AppError, requestId: string): Buffer;
}
