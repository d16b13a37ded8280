/** How the stand-in treats one request. Every field is optional; `{}` is the happy path. Plain JSON, so it travels over the control endpoints. */
export interface Behaviour {
  /** Answer with this error status instead of a completion. */
  readonly status?: number;
  /** Which body goes with `status`: the provider's JSON, a proxy's HTML page, nothing, or an error that repeats the caller's key. */
  readonly errorBody?: 'json' | 'html' | 'empty' | 'echo_key';
  /** Overrides `error.code` (and, for `insufficient_quota`, `error.type`). */
  readonly errorCode?: string;
  /** `retry-after` header, in seconds. */
  readonly retryAfterSeconds?: number;
  /** `retry-after-ms` header, in milliseconds. */
  readonly retryAfterMs?: number;
  /** Only the first N calls of the same key and model misbehave; the later ones take the happy path. */
  readonly failures?: number;
  /** Answer 307 with this location. */
  readonly redirectTo?: string;
  /** Answer 200 with exactly this text as the body. */
  readonly rawBody?: string;
  /** Content type of a successful answer. */
  readonly contentType?: string;

  /** Wait this long before the status line. */
  readonly headerDelayMs?: number;
  /** Stream only: headers leave at once, the first event this much later. */
  readonly firstByteDelayMs?: number;
  /** Stream only: pause before each event after the first. */
  readonly delayMs?: number;

  /** Close the connection before the status line. */
  readonly cutBeforeHeaders?: boolean;
  /** Stream: cut after this many content chunks (0: the role chunk has left). Otherwise: any value cuts half-way through the JSON body. */
  readonly cutAfter?: number;
  /** Stream: cut when only the headers have left. */
  readonly cutAfterHeaders?: boolean;
  /** `destroy` closes the socket (FIN), `reset` sends RST, `end` ends the body politely but without finish chunk or `[DONE]`. */
  readonly cutHow?: 'destroy' | 'reset' | 'end';
  /** Stream: go silent after this many content chunks, socket open. */
  readonly stallAfter?: number;
  /** How long the silence lasts; absent: until the caller leaves. */
  readonly stallMs?: number;
  /** Stream: send an error event after this many content chunks (0: as the very first event) and end. */
  readonly errorEventAfter?: number;

  /** Completion tokens, whatever the request says. */
  readonly tokens?: number;
  /** Pads each generated word to this many bytes. */
  readonly tokenBytes?: number;
  /** The answer repeats the text of the last user message, one token a word. */
  readonly echo?: boolean;
  /** Prompt tokens, instead of the count documented in `usage.ts`. */
  readonly promptTokens?: number;
  /** Prompt tokens served from cache (a part of the prompt tokens). */
  readonly cachedTokens?: number;
  /** Hidden reasoning tokens (a part of the completion tokens; no content chunk carries them). */
  readonly reasoningTokens?: number;
  readonly finishReason?: string;
  /** What the content chunks carry. */
  readonly delta?: 'content' | 'tool_calls' | 'refusal' | 'reasoning';
  /** See `UsageStyle`. */
  readonly usage?: UsageStyle;
  /** `false`: the stream ends without `data: [DONE]`. */
  readonly done?: boolean;

  /** How the bytes of a stream are cut into writes. */
  readonly split?: 'event' | 'pieces' | 'byte' | 'merged';
  readonly eol?: 'lf' | 'crlf' | 'cr';
  /** A comment line with this text goes before every event. */
  readonly comment?: string;
  /** Compress when the caller accepts gzip. */
  readonly gzip?: boolean;
  /** When the caller leaves: stop generating, or generate (and count) to the end. */
  readonly onDisconnect?: 'stop' | 'finish';
}

/**
 * Where usage is told.
 * `standard`: OpenAI, an extra last chunk only when asked for. `always`: that chunk unasked (DashScope, xAI).
 * `finish`: on the finish chunk, unasked (DeepSeek). `groq`: only as `x_groq.usage` on the finish chunk.
 * `zero`: standard, but every figure is an explicit 0. `missing`: never.
 */
export type UsageStyle = 'standard' | 'always' | 'finish' | 'groq' | 'zero' | 'missing';

type Knob = 'integer' | 'flag' | 'text' | readonly string[];

// One row per field: what its text form may be. `satisfies` makes a forgotten row a compile error.
const KNOBS = {
  status: 'integer',
  errorBody: ['json', 'html', 'empty', 'echo_key'],
  errorCode: 'text',
  retryAfterSeconds: 'integer',
  retryAfterMs: 'integer',
  failures: 'integer',
  redirectTo: 'text',
  rawBody: 'text',
  contentType: 'text',
  headerDelayMs: 'integer',
  firstByteDelayMs: 'integer',
  delayMs: 'integer',
  cutBeforeHeaders: 'flag',
  cutAfter: 'integer',
  cutAfterHeaders: 'flag',
  cutHow: ['destroy', 'reset', 'end'],
  stallAfter: 'integer',
  stallMs: 'integer',
  errorEventAfter: 'integer',
  tokens: 'integer',
  tokenBytes: 'integer',
  echo: 'flag',
  promptTokens: 'integer',
  cachedTokens: 'integer',
  reasoningTokens: 'integer',
  finishReason: 'text',
  delta: ['content', 'tool_calls', 'refusal', 'reasoning'],
  usage: ['standard', 'always', 'finish', 'groq', 'zero', 'missing'],
  done: 'flag',
  split: ['event', 'pieces', 'byte', 'merged'],
  eol: ['lf', 'crlf', 'cr'],
  comment: 'text',
  gzip: 'flag',
  onDisconnect: ['stop', 'finish'],
} as const satisfies Record<keyof Behaviour, Knob>;

/** A scenario or knob that does not exist. Loud on purpose: a typing error in a test must not turn into the happy path. */
export class ScenarioError extends Error {}

/** Reads `knob=value` pairs; values are percent-decoded. Throws `ScenarioError`. */
export function parseKnobs(pairs: readonly string[]): Behaviour {
  const knobs: Record<string, unknown> = {};
  for (const pair of pairs) {
    const at = pair.indexOf('=');
    const name = at < 0 ? pair : pair.slice(0, at);
    const text = at < 0 ? 'true' : decoded(pair.slice(at + 1));
    knobs[name] = readKnob(name, text);
  }
  return knobs;
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new ScenarioError(`"${text}" is not percent-encoded text`);
  }
}

/** Refuses unknown fields and wrong values of a behaviour that came as JSON. Throws `ScenarioError`. */
export function checkBehaviour(value: unknown): Behaviour {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new ScenarioError('a behaviour is an object');
  const checked: Record<string, unknown> = {};
  for (const [name, given] of Object.entries(value)) checked[name] = readKnob(name, String(given));
  return checked;
}

function readKnob(name: string, text: string): unknown {
  const kind: Knob | undefined = Object.hasOwn(KNOBS, name) ? KNOBS[name as keyof Behaviour] : undefined;
  if (kind === undefined) throw new ScenarioError(`no knob is called "${name}"`);
  if (kind === 'text') return text;
  if (kind === 'integer' && /^\d{1,9}$/.test(text)) return Number(text);
  if (kind === 'flag' && /^(true|false|1|0)$/.test(text)) return text === 'true' || text === '1';
  if (Array.isArray(kind) && kind.includes(text)) return text;
  throw new ScenarioError(`"${name}" cannot be "${text}"`);
}
