import type { Behaviour } from './behaviour.ts';
import type { Answer } from './chat-completion.ts';
import { type Frame, framesOf } from './chat-stream.ts';
import { EventWriter } from './event-writer.ts';
import type { Exchange } from './exchange.ts';
import { errorEventJson } from './openai-errors.ts';

/**
 * A completion as server-sent events. Tokens count as generated when their event is made; the prompt and any hidden
 * reasoning count from the start. Once the caller leaves, nothing more is generated unless the behaviour says so.
 */
export async function sendStream(exchange: Exchange, answer: Answer, includeUsage: boolean): Promise<void> {
  const { record } = exchange;
  const { behaviour, generation } = answer;
  const untilLeft = behaviour.onDisconnect !== 'finish';
  if (exchange.left && untilLeft) return;
  const generated = { promptTokens: generation.promptTokens, completionTokens: generation.reasoningTokens * generation.choices };
  record.generated = generated;
  const writer = new EventWriter(exchange, behaviour);
  writer.open();
  if (behaviour.cutAfterHeaders === true) return breakOff(exchange, writer, behaviour);
  if (behaviour.firstByteDelayMs !== undefined) await exchange.pause(behaviour.firstByteDelayMs, untilLeft);
  if (behaviour.errorEventAfter === 0) return sendErrorEvent(exchange, writer, behaviour);

  for (const frame of framesOf(answer, includeUsage)) {
    if (isBreak(record.contentChunks, frame, behaviour.cutAfter)) return breakOff(exchange, writer, behaviour);
    if (isBreak(record.contentChunks, frame, behaviour.errorEventAfter)) return sendErrorEvent(exchange, writer, behaviour);
    if (isBreak(record.contentChunks, frame, behaviour.stallAfter)) {
      await writer.flush();
      await stall(exchange, behaviour.stallMs);
    }
    // A provider opens its stream when it has the first token: the role and that token come together, pauses lie between tokens.
    const isOpening = frame.kind === 'role' || (frame.kind === 'content' && record.contentChunks === 0);
    if (!isOpening && behaviour.delayMs !== undefined) await exchange.pause(behaviour.delayMs, untilLeft);
    if (exchange.left && untilLeft) return;
    if (frame.kind === 'content') {
      generated.completionTokens += 1;
      if (!exchange.left) record.contentChunks += 1;
    }
    const busy = writer.write(frame.text);
    if (frame.usage !== undefined && !exchange.left) record.reported = frame.usage;
    if (busy !== undefined) await busy;
  }
  await writer.end();
}

// The break comes before the content chunk that would exceed it, or before the finish chunk of a shorter answer.
function isBreak(sent: number, { kind }: Frame, after: number | undefined): boolean {
  if (after === undefined || kind === 'role') return false;
  return kind === 'content' ? sent === after : kind === 'finish' && sent <= after;
}

async function stall(exchange: Exchange, milliseconds = 2 ** 31 - 1): Promise<void> {
  await exchange.pause(milliseconds, true);
}

async function breakOff(exchange: Exchange, writer: EventWriter, behaviour: Behaviour): Promise<void> {
  await writer.flush();
  const how = behaviour.cutHow ?? 'destroy';
  if (how !== 'end') return exchange.cut(how);
  exchange.record.outcome = 'cut';
  await writer.end();
}

async function sendErrorEvent(exchange: Exchange, writer: EventWriter, behaviour: Behaviour): Promise<void> {
  exchange.record.outcome = 'error:event';
  await writer.write(`data: ${errorEventJson(behaviour)}\n\n`);
  await writer.end();
}
