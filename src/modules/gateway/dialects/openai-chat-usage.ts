import type { AnswerOptions, Usage } from './dialect.js';
import { countOf, isObject, type JsonObject } from './json-values.js';

const NOTHING: JsonObject = {};

/**
 * Reads the usage that an answer or a stream chunk carries, in every shape OpenAI-compatible providers send: OpenAI's own
 * details, DeepSeek's `prompt_cache_hit_tokens`, Groq's `x_groq.usage`, DashScope's `cache_creation_input_tokens`. Null when
 * there is none; a reported zero stays zero (peers 11).
 */
export function usageOfAnswer(answer: JsonObject, options: AnswerOptions): Usage | null {
  if (isObject(answer.usage)) return readUsage(answer.usage, options);
  return isObject(answer.x_groq) && isObject(answer.x_groq.usage) ? readUsage(answer.x_groq.usage, options) : null;
}

/** Brings one `usage` object to the common form; null when it names neither side. */
export function readUsage(raw: JsonObject, options: AnswerOptions): Usage | null {
  const prompt = countOf(raw.prompt_tokens);
  const completion = countOf(raw.completion_tokens);
  const total = countOf(raw.total_tokens);
  if (prompt === null && completion === null) return null;
  const inputDetails = isObject(raw.prompt_tokens_details) ? raw.prompt_tokens_details : NOTHING;
  const outputDetails = isObject(raw.completion_tokens_details) ? raw.completion_tokens_details : NOTHING;
  const reasoning = countOf(outputDetails.reasoning_tokens) ?? 0;
  const input = prompt ?? Math.max(0, (total ?? 0) - (completion ?? 0));
  const visible = completion ?? Math.max(0, (total ?? 0) - input);
  const cached = countOf(inputDetails.cached_tokens) ?? countOf(raw.prompt_cache_hit_tokens) ?? countOf(raw.cached_tokens) ?? 0;
  return {
    inputTokens: input,
    outputTokens: generatedTokens(visible, reasoning, total === null ? null : total - input, options),
    cachedInputTokens: Math.min(cached, input),
    cacheWriteTokens: countOf(inputDetails.cache_write_tokens) ?? countOf(inputDetails.cache_creation_input_tokens) ?? 0,
    reasoningTokens: reasoning,
    audioInputTokens: countOf(inputDetails.audio_tokens) ?? 0,
    audioOutputTokens: countOf(outputDetails.audio_tokens) ?? 0,
  };
}

/** The provider's own sum decides where it can: xAI's models are also served by others, under either convention. */
function generatedTokens(visible: number, reasoning: number, totalOutput: number | null, options: AnswerOptions): number {
  if (totalOutput === visible || totalOutput === visible + reasoning) return totalOutput;
  return options.reasoningOutsideOutput ? visible + reasoning : visible;
}
