import type { RedactionRules } from './redact-body.ts';

/** What a worker is started with. */
export type WorkerRules = RedactionRules;

export interface RedactionRequest {
  readonly id: number;
  readonly body: Uint8Array;
  readonly headers: Readonly<Record<string, string>>;
  readonly knownSecrets: readonly string[];
}

export type RedactionAnswer =
  | {
      readonly id: number;
      readonly kind: 'redacted';
      readonly body: Uint8Array;
      readonly headers: Readonly<Record<string, string>>;
      readonly findings: Readonly<Record<string, number>>;
    }
  | { readonly id: number; readonly kind: 'dropped'; readonly reason: 'still_matches' | 'failed' };
