import { gzipSync } from 'node:zlib';
import { type Answer, completionJson, reportedUsage } from './chat-completion.ts';
import { type Exchange, headersOf } from './exchange.ts';
import type { ErrorAnswer } from './openai-errors.ts';

/** Sends an error; the record's outcome is its status. */
export function sendError(exchange: Exchange, error: ErrorAnswer): void {
  const { res, record } = exchange;
  record.outcome = `error:${error.status}`;
  record.status = error.status;
  const body = Buffer.from(error.body);
  record.bytesWritten = body.length;
  res.writeHead(error.status, headersOf(exchange, ...error.headers, 'content-length', String(body.length)));
  res.end(body);
}

/** Sends 200 (or another harmless status) with a body that is already text. */
export function sendText(exchange: Exchange, text: string, headers: readonly string[], status = 200): void {
  const { res, record } = exchange;
  record.status = status;
  record.bytesWritten = Buffer.byteLength(text);
  res.writeHead(status, headersOf(exchange, ...headers, 'content-length', String(record.bytesWritten)));
  res.end(text);
}

/**
 * A whole completion in one body. All its tokens count as generated when the answer is written: a caller who leaves
 * while the headers are delayed pays nothing, unless the behaviour is to finish anyway.
 */
export async function sendCompletion(exchange: Exchange, answer: Answer): Promise<void> {
  const { record } = exchange;
  const { behaviour, generation } = answer;
  if (exchange.left && behaviour.onDisconnect !== 'finish') return;
  record.generated = { promptTokens: generation.promptTokens, completionTokens: generation.completionTokens };
  if (exchange.left) return;
  record.contentChunks = 1;
  const headers = ['content-type', behaviour.contentType ?? 'application/json'];
  const text = completionJson(answer);
  if (behaviour.cutAfter !== undefined) return sendHalf(exchange, text, { how: behaviour.cutHow ?? 'destroy', headers });
  record.reported = reportedUsage(answer);
  if (behaviour.gzip !== true || !exchange.acceptsGzip) return sendText(exchange, text, headers);
  const packed = gzipSync(text);
  record.status = 200;
  record.bytesWritten = packed.length;
  exchange.res.writeHead(200, headersOf(exchange, ...headers, 'content-encoding', 'gzip', 'content-length', String(packed.length)));
  exchange.res.end(packed);
}

// The length promises the whole; `end` promises nothing (chunked) and so looks like a complete, broken body.
async function sendHalf(
  exchange: Exchange,
  text: string,
  cut: { how: 'destroy' | 'reset' | 'end'; headers: readonly string[] },
): Promise<void> {
  const { res, record } = exchange;
  const whole = Buffer.from(text);
  const half = whole.subarray(0, whole.length >> 1);
  record.status = 200;
  record.outcome = 'cut';
  record.bytesWritten = half.length;
  const length = cut.how === 'end' ? [] : ['content-length', String(whole.length)];
  res.writeHead(200, headersOf(exchange, ...cut.headers, ...length));
  if (cut.how === 'end') {
    res.end(half);
    return;
  }
  res.write(half);
  await exchange.cut(cut.how);
}
