import type { Behaviour } from './behaviour.ts';
import { type Generation, type Usage, usageOf } from './usage.ts';

/** The identity of one answer, and what it says. Both wire forms are written from it. */
export interface Answer {
  readonly id: string;
  /** Unix seconds. */
  readonly created: number;
  readonly model: string;
  readonly generation: Generation;
  readonly behaviour: Behaviour;
}

/** The usage this answer tells; `undefined` when it tells none. */
export function reportedUsage({ generation, behaviour }: Answer): Usage | undefined {
  return behaviour.usage === 'missing' ? undefined : usageOf(generation, behaviour.usage);
}

/** OpenAI's `chat.completion` object, spaced by two as the real one is. */
export function completionJson(answer: Answer): string {
  const { generation, behaviour, id, created, model } = answer;
  // Happy answers differ in id and time only, so the rest is written once: the bench must not measure our JSON.
  const key =
    Object.keys(behaviour).length > 0
      ? undefined
      : `${generation.promptTokens} ${generation.completionTokens} ${generation.choices} ${generation.finishReason} ${model}`;
  let rest = key === undefined ? undefined : templates.get(key);
  if (rest === undefined) {
    rest = restOfCompletion(answer);
    if (key !== undefined && templates.size < MOST_TEMPLATES) templates.set(key, rest);
  }
  return `{\n  "id": "${id}",\n  "object": "chat.completion",\n  "created": ${created},\n${rest}`;
}

const MOST_TEMPLATES = 256;
const templates = new Map<string, string>();

// Everything after the fields that differ between two equal answers.
function restOfCompletion(answer: Answer): string {
  const { generation, behaviour } = answer;
  const message = messageOf(answer);
  const usage = reportedUsage(answer);
  const choices = Array.from({ length: generation.choices }, (_, index) => ({
    index,
    message,
    logprobs: null,
    finish_reason: generation.finishReason,
  }));
  const body: Record<string, unknown> = { model: answer.model, choices };
  if (usage !== undefined) body['usage'] = behaviour.usage === 'finish' ? deepseekUsage(usage) : usage;
  if (behaviour.usage === 'groq') body['x_groq'] = { id: answer.id };
  body['service_tier'] = 'default';
  body['system_fingerprint'] = 'fp_stand_in';
  return JSON.stringify(body, null, 2).slice(2);
}

function messageOf({ generation, behaviour, id }: Answer): Record<string, unknown> {
  const text = generation.words.join('');
  const message: Record<string, unknown> = { role: 'assistant', content: text, refusal: null, annotations: [] };
  if (behaviour.delta === 'tool_calls') {
    message['content'] = null;
    message['tool_calls'] = [{ id: callId(id), type: 'function', function: { name: TOOL, arguments: JSON.stringify({ text }) } }];
  } else if (behaviour.delta === 'refusal') {
    message['content'] = null;
    message['refusal'] = text;
  } else if (behaviour.delta === 'reasoning') {
    message['reasoning_content'] = text;
    message['content'] = '';
  }
  return message;
}

/** The function every tool call names. */
export const TOOL = 'look_up';

/** The tool call's id, from the answer's. */
export function callId(id: string): string {
  return id.replace('chatcmpl-', 'call_');
}

/** DeepSeek splits the prompt into cache hits and misses, beside OpenAI's fields. */
export function deepseekUsage(usage: Usage): Record<string, unknown> {
  const hit = usage.prompt_tokens_details.cached_tokens;
  return { ...usage, prompt_cache_hit_tokens: hit, prompt_cache_miss_tokens: usage.prompt_tokens - hit };
}
