import { invalidRequest } from '../../../kernel/errors.js';
import type { ReadRequest, RequestChanges } from './dialect.js';
import { applySplices, findMember, mapObject, parseJsonObject, setMembers, type ScanLimits, type Splice } from './json-members.js';
import { isObject, type JsonObject } from './json-values.js';
import { meterConversation } from './openai-chat-input.js';

export interface RequestLimits extends ScanLimits {
  /** Agents reach thousands of messages; far beyond that a request is a mistake or an attack. */
  readonly maxMessages: number;
}

export const DEFAULT_REQUEST_LIMITS: RequestLimits = { maxDepth: 128, maxMembers: 1000, maxMessages: 20_000 };

const MAX_MODEL_CHARACTERS = 256;
const MAX_USER_CHARACTERS = 512;
const MAX_CHOICES = 128;
/** Fits every integer column and is far above any model's output. */
const MAX_OUTPUT_TOKENS = 2_147_483_647;

/** Letters, marks, digits, punctuation, symbols, the space: no control or format character, NUL or lone surrogate. */
const PRINTABLE = /^[\p{L}\p{M}\p{N}\p{P}\p{S} ]+$/u;

/**
 * Reads a chat completion request. Only what routing and metering rely on is checked, so fields that providers add tomorrow
 * pass; a null counts as absent, as it does at OpenAI. What is kept is checked to be storable, the rest of the body (NUL and
 * lone surrogates in escapes included, which JSON allows) is the provider's to judge.
 */
export function readChatRequest(body: Buffer, limits: RequestLimits): ReadRequest {
  const { value, map } = parseJsonObject(body, limits);
  const model = readPrintable(value, 'model', MAX_MODEL_CHARACTERS);
  if (model === null) throw wrong('model', 'is required');
  checkMessages(value.messages, limits.maxMessages);
  checkTypes(value);
  const stream = readBoolean(value, 'stream') ?? false;
  return {
    model,
    stream,
    includeUsage: readIncludeUsage(value, body, map, limits) && stream,
    maxOutputTokens: readMaxOutputTokens(value),
    choices: readInteger(value, 'n', MAX_CHOICES) ?? 1,
    inputBytes: body.length,
    inputTokensEstimate: meterConversation(value.messages, map).tokens,
    endUser: readPrintable(value, 'user', MAX_USER_CHARACTERS) ?? readPrintable(value, 'safety_identifier', MAX_USER_CHARACTERS),
    members: map,
  };
}

/** Applies the changes as splices: one copy of the body, every byte outside them as it came. */
export function rewriteChatRequest(body: Buffer, request: ReadRequest, changes: RequestChanges): Buffer {
  const values: Record<string, string> = {};
  const splices: Splice[] = [];
  if (changes.model !== undefined && changes.model !== request.model) values.model = JSON.stringify(changes.model);
  if (changes.neverStore) values.store = 'false';
  if (changes.includeUsage && request.stream && !request.includeUsage) {
    const options = findMember(request.members, 'stream_options');
    // 0x7b is the brace: options that are an object keep their other members, a null gives way.
    if (options && body[options.valueStart] === 0x7b) {
      splices.push(...setMembers(mapObject(body, options.valueStart, DEFAULT_REQUEST_LIMITS), { include_usage: 'true' }));
    } else {
      values.stream_options = '{"include_usage":true}';
    }
  }
  return applySplices(body, [...splices, ...setMembers(request.members, values)]);
}

function checkMessages(messages: unknown, maxMessages: number): asserts messages is readonly JsonObject[] {
  if (!Array.isArray(messages)) throw wrong('messages', messages === undefined ? 'is required' : 'must be an array');
  if (messages.length === 0) throw wrong('messages', 'must not be empty');
  if (messages.length > maxMessages) throw wrong('messages', `must have at most ${maxMessages} items`);
  for (let i = 0; i < messages.length; i++) {
    const message: unknown = messages[i];
    if (!isObject(message)) throw wrong(`messages[${i}]`, 'must be an object');
    if (typeof message.role !== 'string' || message.role === '') throw wrong(`messages[${i}].role`, 'must be a non-empty string');
    const { content } = message;
    if (content !== undefined && content !== null && typeof content !== 'string' && !Array.isArray(content)) {
      throw wrong(`messages[${i}].content`, 'must be a string or an array of parts');
    }
  }
}

function checkTypes(value: JsonObject): void {
  if (value.tools != null && !Array.isArray(value.tools)) throw wrong('tools', 'must be an array');
  if (value.metadata != null && !isObject(value.metadata)) throw wrong('metadata', 'must be an object');
  readBoolean(value, 'store');
}

function readIncludeUsage(value: JsonObject, body: Buffer, map: ReadRequest['members'], limits: ScanLimits): boolean {
  const options = value.stream_options;
  if (options === undefined || options === null) return false;
  if (!isObject(options)) throw wrong('stream_options', 'must be an object');
  const asked = options.include_usage ?? false;
  if (typeof asked !== 'boolean') throw wrong('stream_options.include_usage', 'must be a boolean');
  // Metering hangs on this member, so a double one is refused like a double member of the body.
  const member = findMember(map, 'stream_options');
  if (member) mapObject(body, member.valueStart, limits, 'stream_options.');
  return asked;
}

/** OpenAI refuses both names at once, others do not; the larger one is what a hold must cover. */
function readMaxOutputTokens(value: JsonObject): number | null {
  const older = readInteger(value, 'max_tokens', MAX_OUTPUT_TOKENS);
  const newer = readInteger(value, 'max_completion_tokens', MAX_OUTPUT_TOKENS);
  return older === null || newer === null ? (older ?? newer) : Math.max(older, newer);
}

function readInteger(value: JsonObject, field: string, max: number): number | null {
  const given = value[field];
  if (given === undefined || given === null) return null;
  if (typeof given !== 'number' || !Number.isInteger(given) || given < 1 || given > max) {
    throw wrong(field, `must be an integer from 1 to ${max}`);
  }
  return given;
}

function readBoolean(value: JsonObject, field: string): boolean | null {
  const given = value[field];
  if (given === undefined || given === null) return null;
  if (typeof given !== 'boolean') throw wrong(field, 'must be a boolean');
  return given;
}

function readPrintable(value: JsonObject, field: string, maxCharacters: number): string | null {
  const given = value[field];
  if (given === undefined || given === null) return null;
  if (typeof given !== 'string') throw wrong(field, 'must be a string');
  if (given === '' && field !== 'model') return null;
  if (given.length < 1 || given.length > maxCharacters) throw wrong(field, `must be 1 to ${maxCharacters} characters long`);
  if (!PRINTABLE.test(given)) throw wrong(field, 'must hold printable characters only');
  return given;
}

function wrong(field: string, message: string): Error {
  return invalidRequest([{ field, message }]);
}
