import type { Behaviour } from './behaviour.ts';
import type { ChatRequest } from './chat-request.ts';
import { wordsOf } from './words.ts';

/** Completion tokens of a request that names no limit. */
export const DEFAULT_COMPLETION_TOKENS = 16;
/** A request may ask for more; it gets this. */
const MOST_COMPLETION_TOKENS = 4096;

/** OpenAI's usage object. Cached tokens are inside `prompt_tokens`, reasoning tokens inside `completion_tokens`. */
export interface Usage {
  readonly prompt_tokens: number;
  readonly completion_tokens: number;
  readonly total_tokens: number;
  readonly prompt_tokens_details: { readonly cached_tokens: number; readonly audio_tokens: number };
  readonly completion_tokens_details: {
    readonly reasoning_tokens: number;
    readonly audio_tokens: number;
    readonly accepted_prediction_tokens: number;
    readonly rejected_prediction_tokens: number;
  };
}

/**
 * The stand-in's tokeniser: 3 for the call, and for each message 4 plus one for every four UTF-16 units of its text,
 * rounded up. Content parts that are not text count 85 each.
 */
export function promptTokensOf(messages: readonly unknown[]): number {
  let tokens = 3;
  for (const message of messages) tokens += 4 + contentTokens((message as { content?: unknown } | null)?.content);
  return tokens;
}

function contentTokens(content: unknown): number {
  if (typeof content === 'string') return Math.ceil(content.length / 4);
  if (!Array.isArray(content)) return 0;
  let tokens = 0;
  for (const part of content) tokens += typeof part?.text === 'string' ? Math.ceil(part.text.length / 4) : 85;
  return tokens;
}

/** What one call will generate, settled before the first byte so that it depends on nothing but the request. */
export interface Generation {
  readonly promptTokens: number;
  readonly cachedTokens: number;
  readonly reasoningTokens: number;
  /** Words of each choice. */
  readonly words: readonly string[];
  readonly choices: number;
  /** All choices together, reasoning included. */
  readonly completionTokens: number;
  readonly finishReason: string;
}

/**
 * Completion tokens per choice: the knob, else the words to echo, else the request's limit (at most 4,096), else the
 * default. A call that uses up its own limit finishes with `length`, as the real one does.
 */
export function generationOf(request: ChatRequest, behaviour: Behaviour, defaultTokens: number): Generation {
  const echoed = behaviour.echo === true ? request.lastUserText().split(/(?=\s)/) : undefined;
  const asked = request.maxTokens === undefined ? undefined : Math.min(request.maxTokens, MOST_COMPLETION_TOKENS);
  const perChoice = behaviour.tokens ?? echoed?.length ?? asked ?? defaultTokens;
  const reasoningTokens = Math.min(behaviour.reasoningTokens ?? 0, perChoice);
  const promptTokens = behaviour.promptTokens ?? promptTokensOf(request.messages);
  const natural = perChoice === request.maxTokens ? 'length' : behaviour.delta === 'tool_calls' ? 'tool_calls' : 'stop';
  return {
    promptTokens,
    cachedTokens: Math.min(behaviour.cachedTokens ?? 0, promptTokens),
    reasoningTokens,
    words: echoed?.slice(0, perChoice - reasoningTokens) ?? wordsOf(perChoice - reasoningTokens, behaviour.tokenBytes),
    choices: request.choices,
    completionTokens: perChoice * request.choices,
    finishReason: behaviour.finishReason ?? natural,
  };
}

/** The usage the stand-in tells for a generation. `zero` keeps the shape and empties the figures. */
export function usageOf(generation: Generation, style: Behaviour['usage']): Usage {
  const zero = style === 'zero';
  const prompt = zero ? 0 : generation.promptTokens;
  const completion = zero ? 0 : generation.completionTokens;
  return {
    prompt_tokens: prompt,
    completion_tokens: completion,
    total_tokens: prompt + completion,
    prompt_tokens_details: { cached_tokens: zero ? 0 : generation.cachedTokens, audio_tokens: 0 },
    completion_tokens_details: {
      reasoning_tokens: zero ? 0 : generation.reasoningTokens * generation.choices,
      audio_tokens: 0,
      accepted_prediction_tokens: 0,
      rejected_prediction_tokens: 0,
    },
  };
}
