import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { AnswerFacts, StreamEnd, StreamTap } from './dialect.js';
import { openAiChat } from './openai-chat.js';

const wire = join(process.env.LETHE_SHARED ?? '../shared', 'wire');
const providers = ['openai', 'azure', 'deepseek', 'groq', 'fireworks', 'mistral', 'openrouter', 'xai', 'zhipu', 'dashscope'];

interface Expected {
  usage?: Record<string, number>;
  finish_reason: string | null;
  model: string;
  id: string;
  text_len: number;
  tool_calls?: unknown[];
  error?: { type?: string; code?: string | number };
}
interface Recording {
  path: string;
  provider: string;
  kind: string;
  features: string[];
  expected: Expected;
}
interface Envelope {
  request: { body: Record<string, unknown> | null } | null;
  response: { body: unknown; framing?: string; chunks?: string[] };
}

const recordings: Recording[] = existsSync(join(wire, 'manifest.json'))
  ? (JSON.parse(readFileSync(join(wire, 'manifest.json'), 'utf8')).recordings as Recording[]).filter((r) => providers.includes(r.provider))
  : [];
const ofKind = (kind: string): Recording[] => recordings.filter((r) => r.kind === kind);
const load = (recording: Recording): Envelope => JSON.parse(readFileSync(join(wire, recording.path), 'utf8'));
const dialect = openAiChat();

function expectFacts(facts: AnswerFacts, { expected }: Recording): void {
  expect(facts.finishReason).toBe(expected.finish_reason);
  expect(facts.model).toBe(expected.model);
  expect(facts.responseId).toBe(expected.id);
  if (expected.text_len > 0 || expected.tool_calls) expect(facts.hasContent).toBe(true);
  if (!expected.usage) return expect(facts.usage).toBeNull();
  const told = expected.usage;
  expect({
    input: facts.usage?.inputTokens,
    output: facts.usage?.outputTokens,
    cached: facts.usage?.cachedInputTokens,
    cacheWrite: facts.usage?.cacheWriteTokens,
    reasoning: facts.usage?.reasoningTokens,
  }).toEqual({
    input: told.total_input_tokens,
    output: told.total_output_tokens,
    // One recording reports more cached tokens than prompt tokens: a part is never more than the whole it is billed from.
    cached: Math.min(told.cached_input_tokens ?? 0, told.total_input_tokens ?? 0),
    cacheWrite: told.cache_write_tokens ?? 0,
    reasoning: told.reasoning_tokens ?? 0,
  });
}

function streamBytes({ response }: Envelope): Buffer {
  const chunks = response.chunks ?? [];
  // Where only payloads were recorded, the lines around them are put back.
  const text = response.framing === 'sse' ? chunks.join('') : [...chunks, '[DONE]'].map((data) => `data: ${data}\n\n`).join('');
  return Buffer.from(text);
}

function feed(tap: StreamTap, pieces: readonly Buffer[]): { end: StreamEnd; forwarded: Buffer; last: Buffer } {
  const out: Buffer[] = [];
  tap.passTo((events) => out.push(Buffer.from(events)));
  for (const piece of pieces) {
    const lent = Buffer.from(piece);
    tap.push(lent);
    lent.fill(0);
  }
  const end = tap.finish();
  return { end, forwarded: Buffer.concat(out), last: Buffer.concat(tap.lastBytes()) };
}

function cutAt(bytes: Buffer, cuts: readonly number[]): Buffer[] {
  const points = [...new Set([0, ...cuts.map((cut) => cut % bytes.length), bytes.length])].sort((a, b) => a - b);
  return points.slice(1).map((point, i) => bytes.subarray(points[i], point));
}

const skipped = recordings.length === 0;
const where = skipped ? ' (skipped: no recordings; set LETHE_SHARED)' : '';

describe.skipIf(skipped)(`recorded whole answers${where}`, () => {
  it.each(ofKind('chat').map((r) => [r.path, r] as const))('gives the figures of the manifest: %s', (_, recording) => {
    const { response } = load(recording);
    const body = typeof response.body === 'string' ? response.body : JSON.stringify(response.body);
    const facts = dialect.readAnswer(Buffer.from(body));
    expectFacts(facts, recording);
    expect(facts.error).toBeNull();
  });
});

describe.skipIf(skipped)(`recorded streams${where}`, () => {
  it.each(ofKind('chat-stream').map((r) => [r.path, r] as const))(
    'gives the figures of the manifest in any cut, and the same bytes: %s',
    (_, recording) => {
      const envelope = load(recording);
      const bytes = streamBytes(envelope);
      const choices = (envelope.request?.body?.n as number | undefined) ?? 1;
      const check = (pieces: readonly Buffer[]): void => {
        const tap = dialect.createStreamTap({ hideUsage: false, choices });
        const { end, forwarded, last } = feed(tap, pieces);
        expectFacts(tap.facts, recording);
        expect(Buffer.concat([forwarded, last]).equals(bytes)).toBe(true);
        expect(forwarded.includes('[DONE]')).toBe(false);
        expect(tap.malformedEvents).toBe(0);
        const { error } = recording.expected;
        expect(end).toBe(error ? 'error' : 'complete');
        if (error) {
          expect(tap.facts.error?.type).toBe(error.type ?? null);
          expect(tap.facts.error?.code).toBe(String(error.code));
        }
      };
      check([bytes]);
      check([...bytes].map((byte) => Buffer.from([byte])));
      fc.assert(
        fc.property(fc.array(fc.nat(1 << 24), { maxLength: 30 }), (cuts) => check(cutAt(bytes, cuts))),
        { numRuns: 10 },
      );
    },
  );

  it.each(ofKind('chat-stream').map((r) => [r.path, r] as const))('hides the separate usage event, and only that: %s', (_, recording) => {
    const bytes = streamBytes(load(recording));
    const tap = dialect.createStreamTap({ hideUsage: true, choices: 1 });
    const { forwarded, last } = feed(tap, [bytes]);
    expectFacts(tap.facts, recording);
    const kept = Buffer.concat([forwarded, last]).toString();
    const visible = bytes
      .toString()
      .split(/(?<=\n\n)/)
      .filter((event) => {
        if (!event.startsWith('data: {')) return true;
        const chunk = JSON.parse(event.slice(6));
        return !(chunk.choices?.length === 0 && (chunk.usage ?? chunk.x_groq?.usage));
      });
    expect(kept).toBe(visible.join(''));
  });

  it('peers 13: a stream that stops before its end is told apart from a whole one, wherever it stops', () => {
    const takenForWhole: string[] = [];
    for (const recording of ofKind('chat-stream').filter((r) => !r.expected.error)) {
      const envelope = load(recording);
      const text = streamBytes(envelope).toString();
      const events = text.split(/(?<=\n\n)/);
      const firstFinish = events.findIndex((event) => /"finish_reason": ?"/.test(event));
      const cut = Buffer.from(events.slice(0, firstFinish).join('') + events[firstFinish]?.slice(0, -20));
      const tap = dialect.createStreamTap({ hideUsage: false, choices: 1 });
      if (feed(tap, [cut]).end !== 'cut') takenForWhole.push(recording.path);
    }
    expect(takenForWhole).toEqual([]);
  });
});

describe.skipIf(skipped)(`estimates against recorded figures${where}`, () => {
  const ratioOf = (estimate: number, told: number): number => estimate / told;
  const median = (values: number[]): number => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;

  it('the prompt estimate leans to the high side and is seldom far off', () => {
    const ratios: number[] = [];
    for (const recording of [...ofKind('chat'), ...ofKind('chat-stream')]) {
      const request = load(recording).request?.body;
      const told = recording.expected.usage?.total_input_tokens;
      // Cut strings, and attachments whose bytes are gone, say nothing about an estimate.
      if (!request?.messages || !told || /image_url|input_audio|"file"|more characters omitted|compound/.test(JSON.stringify(request)))
        continue;
      const body = Buffer.from(
        JSON.stringify({
          model: 'm',
          messages: request.messages,
          tools: request.tools ?? undefined,
          response_format: request.response_format ?? undefined,
        }),
      );
      ratios.push(ratioOf(dialect.readRequest(body).inputTokensEstimate, told));
    }
    expect(ratios.length).toBeGreaterThan(50);
    expect(median(ratios)).toBeGreaterThan(0.9);
    expect(median(ratios)).toBeLessThan(1.5);
  });

  it('the output estimate of a stream is near what the provider counted, without its hidden reasoning', () => {
    const ratios: number[] = [];
    for (const recording of ofKind('chat-stream')) {
      const told = recording.expected.usage;
      if (!told || (told.total_output_tokens ?? 0) < 20 || (told.reasoning_tokens ?? 0) > 0) continue;
      const tap = dialect.createStreamTap({ hideUsage: false, choices: 1 });
      feed(tap, [streamBytes(load(recording))]);
      ratios.push(ratioOf(tap.facts.outputTokensEstimate, told.total_output_tokens ?? 1));
    }
    expect(median(ratios)).toBeGreaterThan(0.6);
    expect(median(ratios)).toBeLessThan(1.5);
  });
});
