import { findMember, type JsonObjectMap } from './json-members.js';
import { isObject, type JsonObject } from './json-values.js';
import { meterMessage } from './openai-chat-answer.js';
import { TokenMeter } from './token-estimate.js';

/** The frame a chat template puts around each message, and around all of them (OpenAI 3 to 4 and 3; others up to 30). */
const TOKENS_PER_MESSAGE = 4;
const TOKENS_PER_CONVERSATION = 8;

/** An image of ordinary size at full detail; OpenAI counts 85 at low detail. Data URLs are pixels, not text. */
const TOKENS_PER_IMAGE = 1100;
const TOKENS_PER_SMALL_IMAGE = 85;
const TOKENS_PER_VIDEO = 4000;
/** Base64 characters to a token: ten audio tokens a second at 16 kB/s; a page of PDF is some 50 kB and 1,000 tokens. */
const AUDIO_CHARACTERS_PER_TOKEN = 2100;
const FILE_CHARACTERS_PER_TOKEN = 64;
const MIN_TOKENS_PER_FILE = 500;

/**
 * Schemas: dense text, and the instructions a provider puts around tools, which are its own (DeepSeek, xAI and Zhipu add some
 * 150 to 250 tokens, OpenAI's smaller models next to none).
 */
const SCHEMA_BYTES_PER_TOKEN = 3.5;
const TOKENS_PER_TOOL_SET = 60;
const SCHEMA_MEMBERS = ['tools', 'functions', 'response_format'];

/** Estimates the prompt: its texts by length, attachments by fixed figures, schemas by their bytes. */
export function meterConversation(messages: readonly JsonObject[], map: JsonObjectMap): TokenMeter {
  const meter = new TokenMeter();
  meter.addFixed(TOKENS_PER_CONVERSATION);
  for (const message of messages) {
    meter.addFixed(TOKENS_PER_MESSAGE);
    meterMessage(message, meter);
    if (Array.isArray(message.content)) {
      for (const part of message.content as unknown[]) meter.addFixed(attachmentTokens(part));
    }
  }
  for (const name of SCHEMA_MEMBERS) {
    const member = findMember(map, name);
    if (!member) continue;
    meter.addFixed((member.valueEnd - member.valueStart) / SCHEMA_BYTES_PER_TOKEN);
    if (name !== 'response_format') meter.addFixed(TOKENS_PER_TOOL_SET);
  }
  return meter;
}

function attachmentTokens(part: unknown): number {
  if (!isObject(part)) return 0;
  switch (part.type) {
    case 'image_url':
    case 'image':
      return isObject(part.image_url) && part.image_url.detail === 'low' ? TOKENS_PER_SMALL_IMAGE : TOKENS_PER_IMAGE;
    case 'input_audio':
      return lengthOf(part.input_audio, 'data') / AUDIO_CHARACTERS_PER_TOKEN;
    case 'file':
      return Math.max(MIN_TOKENS_PER_FILE, lengthOf(part.file, 'file_data') / FILE_CHARACTERS_PER_TOKEN);
    case 'video':
    case 'video_url':
      return TOKENS_PER_VIDEO;
    default:
      return 0;
  }
}

function lengthOf(holder: unknown, field: string): number {
  const value = isObject(holder) ? holder[field] : null;
  return typeof value === 'string' ? value.length : 0;
}
