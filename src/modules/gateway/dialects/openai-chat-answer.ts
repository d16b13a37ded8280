import type { AnswerFacts, AnswerOptions, UpstreamReportedError } from './dialect.js';
import { countOf, isObject, textOf, type JsonObject } from './json-values.js';
import { usageOfAnswer } from './openai-chat-usage.js';
import { TokenMeter } from './token-estimate.js';

/** The marks models write around a tool call, which the wire does not show. */
const TOKENS_PER_CALL = 12;

const UNREADABLE: AnswerFacts = {
  usage: null,
  finishReason: null,
  model: null,
  responseId: null,
  hasContent: false,
  error: null,
  outputTokensEstimate: 0,
};

/** Reads a whole, non-streamed answer. */
export function readChatAnswer(body: Buffer, options: AnswerOptions): AnswerFacts {
  const answer = parse(body);
  if (!isObject(answer)) return UNREADABLE;
  const meter = new TokenMeter();
  let hasContent = false;
  let finishReason: string | null = null;
  for (const choice of Array.isArray(answer.choices) ? (answer.choices as unknown[]) : []) {
    if (!isObject(choice)) continue;
    finishReason ??= textOf(choice.finish_reason);
    if (isObject(choice.message) && meterMessage(choice.message, meter)) hasContent = true;
  }
  return {
    usage: usageOfAnswer(answer, options),
    finishReason,
    model: textOf(answer.model),
    responseId: textOf(answer.id),
    hasContent,
    error: errorOfAnswer(answer),
    outputTokensEstimate: meter.tokens,
  };
}

/**
 * Counts what a message, or the delta of one, gives the reader: text, reasoning, refusal, tool calls. Says whether there was
 * anything at all; the role, an empty string or an empty list is nothing.
 */
export function meterMessage(message: JsonObject, meter: TokenMeter): boolean {
  let found = meterText(message.content, meter);
  // The same thought may come under two names, and again in `reasoning_details`: it is counted once.
  const thought = meterText(message.reasoning_content, meter) || meterText(message.reasoning, meter);
  if (thought || isFilled(message.reasoning_details)) found = true;
  if (meterText(message.refusal, meter)) found = true;
  if (isFilled(message.tool_calls)) {
    found = true;
    for (const call of message.tool_calls) meterToolCall(call, meter);
  }
  if (isObject(message.function_call)) {
    found = true;
    meterFunction(message.function_call, meter);
  }
  return found || isObject(message.audio) || isFilled(message.images);
}

/** The error a provider put into a 200: an `error` member, or the bare forms of vLLM (`object: error`) and DashScope (`code`, no choices). */
export function errorOfAnswer(answer: JsonObject): UpstreamReportedError | null {
  const { error } = answer;
  if (isObject(error)) return reported(error);
  if (typeof error === 'string' && error !== '') return { type: null, code: null, status: null };
  const isBareError = answer.object === 'error' || (textOf(answer.code) !== null && typeof answer.message === 'string');
  return isBareError && answer.choices === undefined ? reported(answer) : null;
}

function reported(error: JsonObject): UpstreamReportedError {
  const code = typeof error.code === 'number' ? String(error.code) : textOf(error.code);
  const status = countOf(error.status_code) ?? countOf(error.status) ?? countOf(Number(code ?? Number.NaN));
  return { type: textOf(error.type), code, status: status !== null && status >= 400 && status <= 599 ? status : null };
}

/** Text as a string, or as parts (Mistral): `{type: "text", text}` and `{type: "thinking", thinking: […]}`. */
function meterText(content: unknown, meter: TokenMeter): boolean {
  if (typeof content === 'string') {
    if (content === '') return false;
    meter.add(content);
    return true;
  }
  if (!isFilled(content)) return false;
  for (const part of content) {
    if (!isObject(part)) continue;
    meterPart(part, meter);
    if (isFilled(part.thinking)) for (const thought of part.thinking) if (isObject(thought)) meterPart(thought, meter);
  }
  return true;
}

function meterPart(part: JsonObject, meter: TokenMeter): void {
  if (typeof part.text === 'string') meter.add(part.text);
}

function meterToolCall(call: unknown, meter: TokenMeter): void {
  if (!isObject(call)) return;
  if (isObject(call.function)) meterFunction(call.function, meter);
  if (isObject(call.custom)) meterFunction(call.custom, meter);
}

function meterFunction(call: JsonObject, meter: TokenMeter): void {
  if (typeof call.name === 'string' && call.name !== '') {
    meter.add(call.name);
    meter.addFixed(TOKENS_PER_CALL);
  }
  if (typeof call.arguments === 'string') meter.add(call.arguments);
  else if (typeof call.input === 'string') meter.add(call.input);
}

function isFilled(value: unknown): value is readonly unknown[] {
  return Array.isArray(value) && value.length > 0;
}

function parse(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString('utf8'));
  } catch {
    return null;
  }
}
