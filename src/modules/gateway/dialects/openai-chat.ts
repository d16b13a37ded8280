import type { Dialect } from './dialect.js';
import { readChatAnswer } from './openai-chat-answer.js';
import { DEFAULT_REQUEST_LIMITS, readChatRequest, rewriteChatRequest, type RequestLimits } from './openai-chat-request.js';
import { OpenAiChatStreamTap } from './openai-chat-stream.js';
import { writeOpenAiError, writeOpenAiStreamError } from './openai-errors.js';

/** The dialect of `POST /v1/chat/completions`, spoken by OpenAI and everyone compatible with it. */
export function openAiChat(limits: Partial<RequestLimits> = {}): Dialect {
  const requestLimits = { ...DEFAULT_REQUEST_LIMITS, ...limits };
  return {
    name: 'openai-chat',
    readRequest: (body) => readChatRequest(body, requestLimits),
    rewriteRequest: rewriteChatRequest,
    readAnswer: (body, options = {}) => readChatAnswer(body, options),
    createStreamTap: (options) => new OpenAiChatStreamTap(options),
    writeError: writeOpenAiError,
    writeStreamError: writeOpenAiStreamError,
  };
}
