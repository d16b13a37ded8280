import { type ErrorAnswer, badRequest } from './openai-errors.ts';

/** What the stand-in reads from a chat completion request. */
export interface ChatRequest {
  readonly model: string;
  readonly stream: boolean;
  readonly includeUsage: boolean;
  readonly messages: readonly unknown[];
  readonly maxTokens: number | undefined;
  readonly choices: number;
  lastUserText(): string;
}

interface Raw {
  model?: unknown;
  messages?: unknown;
  stream?: unknown;
  stream_options?: { include_usage?: unknown } | null;
  max_tokens?: unknown;
  max_completion_tokens?: unknown;
  n?: unknown;
}

/** Checks about as much as the real one does before it starts work; the refusal is the real one's shape. */
export function readChatRequest(body: string): ChatRequest | ErrorAnswer {
  let raw: Raw;
  try {
    raw = JSON.parse(body);
  } catch {
    return badRequest('The request body could not be read as JSON.', null, null);
  }
  if (typeof raw !== 'object' || raw === null || typeof raw.model !== 'string' || raw.model === '') {
    return badRequest('A model has to be named.', 'model', 'missing_required_parameter');
  }
  const { messages } = raw;
  if (messages === undefined) return badRequest("Missing required parameter: 'messages'.", 'messages', 'missing_required_parameter');
  if (!Array.isArray(messages)) return badRequest("Invalid type for 'messages': an array is expected.", 'messages', 'invalid_type');
  if (messages.length === 0) return badRequest("Invalid 'messages': the array is empty.", 'messages', 'empty_array');
  const limitName = raw.max_completion_tokens == null ? 'max_tokens' : 'max_completion_tokens';
  const limit = raw[limitName] ?? undefined;
  if (limit !== undefined && !isCount(limit))
    return badRequest(`Invalid '${limitName}': a positive integer is expected.`, limitName, 'invalid_value');
  const choices = raw.n ?? 1;
  if (!isCount(choices) || choices > 128) return badRequest("Invalid 'n': an integer from 1 to 128 is expected.", 'n', 'invalid_value');
  return {
    model: raw.model,
    stream: raw.stream === true,
    includeUsage: raw.stream_options?.include_usage === true,
    messages,
    maxTokens: limit,
    choices,
    lastUserText: () => lastUserText(messages),
  };
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value > 0;
}

function lastUserText(messages: readonly { role?: unknown; content?: unknown }[]): string {
  const content = messages.findLast((message) => message?.role === 'user')?.content;
  if (typeof content === 'string') return content;
  if (!Array.isArray(content)) return '';
  return content.map((part: { text?: unknown }) => (typeof part?.text === 'string' ? part.text : '')).join(' ');
}
