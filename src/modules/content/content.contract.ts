import type { ApiKeyId, CallId, OrganisationId, ProjectId } from '../../kernel/ids.js';

/** Where content is kept: each is a table of its own, with a window of its own. */
export const CONTENT_STORES = ['payload', 'failed_input', 'granted'] as const;

export type ContentStore = (typeof CONTENT_STORES)[number];

/** What is to be done with one kind of content of a call. */
export interface KeepRule {
  readonly store: ContentStore;
  /** Whole days it is kept, at least one. */
  readonly days: number;
  /** Secrets are taken out before it is kept; what cannot be read for them is not kept at all (C2). */
  readonly redact: boolean;
  /** The troubleshooting grant it is kept under (C5). */
  readonly grantId: string | null;
}

/** What the gate decided for one call. Null: not kept. */
export interface KeepDecision {
  /** Input and output, when the call succeeds. */
  readonly success: KeepRule | null;
  /** The input alone, when it does not. */
  readonly failure: KeepRule | null;
}

export const KEEP_NOTHING: KeepDecision = { success: null, failure: null };

/** A call, as far as the gate has to know it. */
export interface GatedCall {
  readonly id: CallId;
  readonly organisationId: OrganisationId;
  readonly projectId: ProjectId;
  readonly keyId: ApiKeyId;
  /** The client asked that nothing of this call be kept (C6). */
  readonly optedOut: boolean;
}

/**
 * Decides what of a call is kept: the one place where it is decided (C1, C5, C6). From memory, and nothing unless every rule says so: what is unknown,
 * not yet read or switched off is not kept. Also the injection token.
 */
export abstract class ContentGate {
  abstract decide(call: GatedCall): KeepDecision;
}

/** What was said in a call that has ended. The buffers are the keeper's from now on: nobody writes to them any more. */
export interface CapturedCall {
  readonly id: CallId;
  readonly organisationId: OrganisationId;
  readonly projectId: ProjectId;
  readonly keyId: ApiKeyId;
  /** As the client sent it. */
  readonly request: Buffer;
  /** As the client was given it, in pieces. Null when only the input is kept. */
  readonly answer: readonly Buffer[] | null;
  /** More was said than `answer` holds. */
  readonly answerCut: boolean;
  /** Secrets in use in this call, which are taken out of what is redacted wherever they stand. */
  readonly secrets: readonly string[];
}

/** Collects the pieces of a stream as they pass, up to a bound. */
export abstract class AnswerCapture {
  abstract readonly pieces: readonly Buffer[];
  abstract readonly isCut: boolean;
  /** Keeps a copy. */
  abstract add(piece: Buffer): void;
  /** The call is over and nothing of it was handed to the keeper: its room is free again. */
  abstract release(): void;
}

/**
 * Keeps what the gate let through: compressed, sealed under the organisation's content key, and written after the call, together with others (C4).
 * Nothing here makes a call wait or fails it. What does not fit into the bounds, or cannot be sealed or written in time, is dropped and counted: it
 * never goes anywhere else. Also the injection token.
 */
export abstract class ContentKeeper {
  /** Room for a stream's answer. Null when there is none left in this process. */
  abstract capture(): AnswerCapture | null;
  /** Takes the content of a call that has ended. False: there is no room for it. */
  abstract keep(rule: KeepRule, call: CapturedCall): boolean;
  /** Writes what has been taken, for at most `graceMs`, and takes no more. What is not written by then is lost. */
  abstract stop(graceMs: number): Promise<void>;
}
