import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { SpanKind, SpanStatusCode } from '@opentelemetry/api';
import { InMemorySpanExporter, type ReadableSpan } from '@opentelemetry/sdk-trace-node';
import { afterEach, describe, expect, it } from 'vitest';
import { newId } from '../../kernel/ids.js';
import { OtelTracing, type OtelTracingOptions } from './otel-tracing.js';
import { NoTracing, type Tracing } from './tracing.js';

const OPTIONS = { serviceName: 'lethe', serviceVersion: '0.0.0', instanceId: 'test', trustTraceparent: false };
const CALL = { operation: 'chat', model: 'gpt-4o-mini', stream: true };
const ATTEMPT = { provider: 'openai', model: 'gpt-4o-mini', number: 1, serverAddress: 'api.openai.com', serverPort: 443 };
const TRACE_ID = '0af7651916cd43dd8448eb211c80319c';
const TRACEPARENT = `00-${TRACE_ID}-b7ad6b7169203331-01`;
const CANARY = 'Canary: the user said "4711"';

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.close().closeAllConnections();
});

/** An exporter that keeps its spans over a shutdown, which is what makes the batch processor hand them over. */
class KeepingExporter extends InMemorySpanExporter {
  readonly kept: ReadableSpan[] = [];

  override shutdown(): Promise<void> {
    this.kept.push(...this.getFinishedSpans());
    return super.shutdown();
  }
}

async function spansOf(act: (tracing: Tracing) => void, options: Partial<OtelTracingOptions> = {}): Promise<ReadableSpan[]> {
  const exporter = new KeepingExporter();
  const tracing = new OtelTracing({ ...OPTIONS, ...options, endpoint: exporter });
  act(tracing);
  await tracing.shutdown(1_000);
  return exporter.kept;
}

async function receiver(answer: 'ok' | 'never'): Promise<{ url: string; bodies: string[]; headers: Record<string, unknown>[] }> {
  const bodies: string[] = [];
  const headers: Record<string, unknown>[] = [];
  const server = createServer((request, response) => {
    headers.push(request.headers);
    let body = '';
    request.on('data', (piece: Buffer) => (body += piece.toString('utf8')));
    request.on('end', () => {
      bodies.push(body);
      if (answer === 'ok') response.writeHead(200, { 'content-type': 'application/json' }).end('{}');
    });
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1/traces`, bodies, headers };
}

describe('Tracing', () => {
  it('traces a call and its attempts with the attributes of the GenAI conventions', async () => {
    const callId = newId();
    const spans = await spansOf((tracing) => {
      const call = tracing.startCallSpan({ ...CALL, callId });
      call.startAttempt(ATTEMPT).end({ status: 503, errorType: 'upstream_5xx' });
      call.startAttempt({ ...ATTEMPT, number: 2 }).end({ status: 200 });
      call.end({
        status: 200,
        provider: 'openai',
        responseModel: 'gpt-4o-mini-2024',
        inputTokens: 9,
        outputTokens: 0,
        finishReasons: ['stop'],
      });
    });
    const [first, second, call] = spans;
    expect(call).toMatchObject({ name: 'chat gpt-4o-mini', kind: SpanKind.SERVER });
    expect(call?.attributes).toEqual({
      'gen_ai.operation.name': 'chat',
      'gen_ai.request.model': 'gpt-4o-mini',
      'gen_ai.request.stream': true,
      'gen_ai.provider.name': 'openai',
      'gen_ai.response.model': 'gpt-4o-mini-2024',
      'gen_ai.response.finish_reasons': ['stop'],
      'gen_ai.usage.input_tokens': 9,
      'gen_ai.usage.output_tokens': 0,
      'http.response.status_code': 200,
      'lethe.call.id': callId,
    });
    expect(first).toMatchObject({ kind: SpanKind.CLIENT, status: { code: SpanStatusCode.ERROR } });
    expect(first?.attributes).toMatchObject({ 'server.address': 'api.openai.com', 'server.port': 443, 'error.type': 'upstream_5xx' });
    expect(second?.attributes).toMatchObject({ 'http.request.resend_count': 1, 'http.response.status_code': 200 });
    expect(second?.parentSpanContext?.spanId).toBe(call?.spanContext().spanId);
  });

  it('C1, K2: content and keys passed where names go never reach a span', async () => {
    const key = 'sk-proj-abcdefghijklm';
    const spans = await spansOf((tracing) => {
      const call = tracing.startCallSpan({ operation: CANARY, model: CANARY, stream: false, callId: CANARY, traceparent: CANARY });
      call.startAttempt({ provider: key, model: key, number: 1, serverAddress: `x?key=${key}`, serverPort: 1 }).end({ errorType: CANARY });
      call.end({ status: 500, errorType: CANARY, provider: CANARY, responseModel: key, finishReasons: [CANARY] });
    });
    const written = JSON.stringify(spans.map(({ name, attributes, status, events }) => ({ name, attributes, status, events })));
    expect(spans).toHaveLength(2);
    expect(written).not.toMatch(/canary|4711|abcdefghij/i);
  });

  it("C9: a client's trace is not continued unless the installation says so", async () => {
    const act = (tracing: Tracing): void => tracing.startCallSpan({ ...CALL, traceparent: TRACEPARENT }).end({ status: 200 });
    const [untrusted] = await spansOf(act);
    const [trusted] = await spansOf(act, { trustTraceparent: true });
    expect(untrusted?.spanContext().traceId).not.toBe(TRACE_ID);
    expect(trusted?.spanContext().traceId).toBe(TRACE_ID);
  });

  it.each(['', 'x', `ff-${TRACE_ID}-b7ad6b7169203331-01`, `00-${'0'.repeat(32)}-b7ad6b7169203331-01`, `${TRACEPARENT}\nx`])(
    'a malformed traceparent %j starts a new trace',
    async (traceparent) => {
      const [span] = await spansOf((tracing) => tracing.startCallSpan({ ...CALL, traceparent }).end({ status: 200 }), {
        trustTraceparent: true,
      });
      expect(span?.parentSpanContext).toBeUndefined();
    },
  );

  it('C9: a span offers no header that could be sent upstream', () => {
    const call = new OtelTracing({ ...OPTIONS, endpoint: new InMemorySpanExporter() }).startCallSpan(CALL);
    expect(Object.getOwnPropertyNames(Object.getPrototypeOf(call)).sort()).toEqual(['constructor', 'end', 'startAttempt', 'traceId']);
  });

  it('speaks OTLP over HTTP to a collector and flushes on shutdown', async () => {
    const collector = await receiver('ok');
    const tracing = new OtelTracing({ ...OPTIONS, endpoint: collector.url, headers: { authorization: 'Bearer collector' } });
    tracing.startCallSpan(CALL).end({ status: 200, inputTokens: 3 });
    await tracing.shutdown(5_000);
    const sent = JSON.parse(collector.bodies[0] ?? 'null') as { resourceSpans: { scopeSpans: { spans: { name: string }[] }[] }[] };
    expect(sent.resourceSpans[0]?.scopeSpans[0]?.spans[0]?.name).toBe('chat gpt-4o-mini');
    expect(collector.headers[0]).toMatchObject({ authorization: 'Bearer collector' });
  });

  it('a collector that never answers does not hold up the shutdown', async () => {
    const collector = await receiver('never');
    const tracing = new OtelTracing({ ...OPTIONS, endpoint: collector.url });
    tracing.startCallSpan(CALL).end({ status: 200 });
    const startMs = performance.now();
    await tracing.shutdown(200);
    expect(performance.now() - startMs).toBeLessThan(1_500);
  });

  it('costs next to nothing when it is off', () => {
    const tracing: Tracing = new NoTracing();
    const startMs = performance.now();
    for (let call = 0; call < 200_000; call += 1) {
      const span = tracing.startCallSpan(CALL);
      span.startAttempt(ATTEMPT).end({ status: 200 });
      span.end({ status: 200 });
    }
    expect((performance.now() - startMs) / 200_000).toBeLessThan(0.002);
  });
});
