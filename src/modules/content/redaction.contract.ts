/** What is to be kept of one call, before redaction. */
export interface RedactionInput {
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
  /** Secrets known to be near: the gateway's own upstream keys and the caller's key. Searched for in every encoding. */
  readonly knownSecrets: readonly string[];
}

/**
 * `redacted`: what may be kept. `findings` counts what was cut by family, and says nothing of its values. `dropped`: nothing may be
 * kept, because it could not be shown to be clean: too large a body, something that still matches, a scan that ran out of its time or
 * failed (compressed or damaged input), or more waiting than the queue takes.
 */
export type RedactionOutcome =
  | {
      readonly kind: 'redacted';
      readonly body: Uint8Array;
      readonly headers: Readonly<Record<string, string>>;
      readonly findings: Readonly<Record<string, number>>;
    }
  | { readonly kind: 'dropped'; readonly reason: RedactionDrop };

export type RedactionDrop = 'too_large' | 'still_matches' | 'timed_out' | 'failed' | 'busy';

/**
 * Takes credentials out of what is kept of a call (C2), in a worker thread and off the request path. It fails closed: what cannot be
 * redacted is dropped, and `redact` never rejects. Also the injection token.
 */
export abstract class Redactor {
  abstract redact(input: RedactionInput): Promise<RedactionOutcome>;
  /** Ends the worker. What waits is dropped as `failed`, and so is all that comes later. */
  abstract stop(): Promise<void>;
}
