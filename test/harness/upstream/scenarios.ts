import { type Behaviour, parseKnobs, ScenarioError } from './behaviour.ts';

const HAPPY: Behaviour = {};
const PREFIX = 'scenario:';

/** Named behaviours. Knobs written after the name override the preset's: `scenario:cut,cutAfter=3,cutHow=reset`. */
export const SCENARIOS: Readonly<Record<string, Behaviour>> = {
  happy: HAPPY,
  // Errors
  status: { status: 500 },
  'rate-limited': { status: 429, retryAfterSeconds: 1 },
  'no-quota': { status: 429, errorCode: 'insufficient_quota' },
  'model-not-found': { status: 404 },
  'context-length': { status: 400, errorCode: 'context_length_exceeded' },
  overloaded: { status: 529 },
  'proxy-page': { status: 502, errorBody: 'html' },
  'echo-key': { status: 401, errorBody: 'echo_key' },
  'error-event': { errorEventAfter: 0 },
  redirect: { redirectTo: 'http://redirected.invalid/v1/chat/completions' },
  flaky: { status: 503, failures: 1 },
  'invalid-json': { rawBody: '{"id":"chatcmpl-broken","object":"chat.completion","choices":[{' },
  'wrong-type': { contentType: 'text/plain; charset=utf-8' },
  // Connections
  reset: { cutBeforeHeaders: true, cutHow: 'reset' },
  'cut-after-headers': { cutAfterHeaders: true },
  cut: { cutAfter: 3 },
  'cut-politely': { cutAfter: 3, cutHow: 'end' },
  stall: { stallAfter: 3 },
  'slow-headers': { headerDelayMs: 1000 },
  'slow-first-byte': { firstByteDelayMs: 1000 },
  drip: { delayMs: 100 },
  flood: { tokens: 10_000, tokenBytes: 16_384 },
  huge: { tokens: 1, tokenBytes: 20 * 1024 * 1024 },
  // Chunking
  pieces: { split: 'pieces' },
  bytes: { split: 'byte' },
  merged: { split: 'merged' },
  crlf: { eol: 'crlf' },
  comments: { comment: 'keep-alive' },
  processing: { comment: 'OPENROUTER PROCESSING' },
  'no-done': { done: false },
  gzip: { gzip: true },
  // Usage
  deepseek: { usage: 'finish', cachedTokens: 4 },
  groq: { usage: 'groq' },
  'usage-unasked': { usage: 'always' },
  'zero-usage': { usage: 'zero' },
  'no-usage': { usage: 'missing' },
  cached: { promptTokens: 2048, cachedTokens: 1024, tokens: 64, reasoningTokens: 48 },
  // Content
  echo: { echo: true },
  tools: { delta: 'tool_calls' },
  refusal: { delta: 'refusal' },
  reasoning: { delta: 'reasoning' },
  // Caller leaves
  'finish-anyway': { delayMs: 20, tokens: 50, onDisconnect: 'finish' },
  'stop-when-left': { delayMs: 20, tokens: 50, onDisconnect: 'stop' },
};

/** Reads `name[,knob=value…]`. Throws `ScenarioError` for a name or knob that does not exist. */
export function parseScenario(text: string): Behaviour {
  const [name = '', ...pairs] = text.split(',');
  if (!Object.hasOwn(SCENARIOS, name)) throw new ScenarioError(`no scenario is called "${name}"`);
  return pairs.length === 0 ? SCENARIOS[name]! : { ...SCENARIOS[name], ...parseKnobs(pairs) };
}

const read = new Map<string, Behaviour>();

/** `scenario:…` names behave as they say; every other model takes the happy path. */
export function behaviourOfModel(model: string): Behaviour {
  if (!model.startsWith(PREFIX)) return HAPPY;
  let behaviour = read.get(model);
  if (behaviour === undefined) {
    behaviour = parseScenario(model.slice(PREFIX.length));
    read.set(model, behaviour);
  }
  return behaviour;
}
