import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CredentialAdministration } from '../../src/modules/credentials/credentials.contract.js';
import { TestLethe, type TestTenant } from '../harness/app.js';

const messages = [{ role: 'user' as const, content: 'Hello' }];
const ACTOR = { kind: 'system', id: 'test' } as const;

interface SentSpan {
  readonly name: string;
  readonly traceId: string;
  readonly attributes: readonly { readonly key: string; readonly value: Record<string, unknown> }[];
}

let app: TestLethe;
let collector: Server;
const spans: SentSpan[] = [];

beforeAll(async () => {
  collector = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const body = JSON.parse(Buffer.concat(chunks).toString()) as { resourceSpans: { scopeSpans: { spans: SentSpan[] }[] }[] };
      spans.push(...body.resourceSpans.flatMap((resource) => resource.scopeSpans.flatMap((scope) => scope.spans)));
      response.writeHead(200, { 'content-type': 'application/json' }).end('{}');
    });
  });
  await new Promise<void>((resolve) => collector.listen(0, '127.0.0.1', resolve));
  const { port } = collector.address() as AddressInfo;
  app = await TestLethe.start({ environment: { OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${port}` } });
});
afterAll(async () => {
  await app?.stop();
  collector.closeAllConnections();
  collector.close();
});

async function sample(name: string, ...labels: string[]): Promise<number> {
  const text = await (await fetch(`${app.url}/metrics`)).text();
  const line = text.split('\n').find((candidate) => candidate.startsWith(name) && labels.every((label) => candidate.includes(label)));
  return line === undefined ? 0 : Number(line.split(' ').at(-1));
}

async function tenantFor(model: string): Promise<TestTenant> {
  const tenant = await app.tenant({ route: false });
  await app.route(tenant.organisationId, { model, targets: [{ credentialId: tenant.credentialId }] });
  return tenant;
}

const attributeOf = (span: SentSpan, key: string): unknown =>
  Object.values(span.attributes.find((attribute) => attribute.key === key)?.value ?? {})[0];

describe('metrics', () => {
  it('count calls, tokens, time and first token under the name of the route', async () => {
    const tenant = await tenantFor('house-model-1');
    const model = 'gen_ai_request_model="house-model-1"';
    await (await app.chat(tenant, { model: 'house-model-1', messages, max_tokens: 7, stream: true })).text();
    await app.records(tenant, 1);
    expect(await sample('lethe_calls_total', model, 'outcome="succeeded"', 'gen_ai_operation_name="chat"')).toBe(1);
    expect(await sample('gen_ai_client_token_usage_sum', model, 'gen_ai_token_type="output"')).toBe(7);
    expect(await sample('gen_ai_client_token_usage_sum', model, 'gen_ai_token_type="input"')).toBeGreaterThan(0);
    for (const name of [
      'gen_ai_server_request_duration_seconds_count',
      'gen_ai_server_time_to_first_token_seconds_count',
      'gen_ai_server_time_per_output_token_seconds_count',
    ]) {
      expect(await sample(name, model), name).toBe(1);
    }
    expect(await sample('lethe_inflight_calls')).toBe(0);
  });

  it('C1: never take a name that a client wrote', async () => {
    const tenant = await tenantFor('house-prefix-*');
    await (await app.chat(tenant, { model: 'house-prefix-my-private-words', messages })).text();
    await (await app.chat(tenant, { model: 'no-such-model-of-mine', messages })).text();
    await app.records(tenant, 1);
    expect(await sample('lethe_calls_total', 'gen_ai_request_model="house-prefix-*"')).toBe(1);
    expect(await (await fetch(`${app.url}/metrics`)).text()).not.toMatch(/my-private-words|no-such-model-of-mine/);
  });

  it('count refusals, failovers and errors by their class', async () => {
    const tenant = await tenantFor('scenario:overloaded');
    const before = await sample('lethe_failovers_total', 'status_529');
    await (await app.chat(tenant, { model: 'scenario:overloaded', messages })).text();
    await (await app.chat({ key: 'nobody' }, { model: 'x', messages })).text();
    await app.records(tenant, 1);
    expect(await sample('lethe_failovers_total', 'status_529')).toBe(before + 2);
    expect(await sample('gen_ai_server_request_duration_seconds_count', 'error_type="gateway_upstream_failed"')).toBe(1);
    expect(await sample('lethe_refusals_total', 'auth_')).toBeGreaterThan(0);
  });
});

describe('traces', () => {
  it('have a span for the call and one for each attempt, with figures and classes and no content', async () => {
    const tenant = await tenantFor('scenario:flaky*');
    const answer = await app.chat(
      tenant,
      { model: 'scenario:flaky,failures=1', messages, max_tokens: 4 },
      { headers: { traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01' } },
    );
    await answer.text();
    const callId = answer.headers.get('x-request-id');
    const isCall = (span: SentSpan) => attributeOf(span, 'lethe.call.id') === callId;
    await expect.poll(() => spans.some(isCall), { timeout: 10_000 }).toBe(true);
    const call = spans.find(isCall) as SentSpan;
    const attempts = spans.filter((span) => span.traceId === call.traceId && span !== call);
    expect(call.traceId).not.toBe('0af7651916cd43dd8448eb211c80319c');
    expect(attributeOf(call, 'gen_ai.usage.output_tokens')).toBe(4);
    expect(attributeOf(call, 'http.response.status_code')).toBe(200);
    expect(attempts.map((span) => [attributeOf(span, 'error.type'), attributeOf(span, 'http.request.resend_count')])).toEqual([
      ['status_503', undefined],
      [undefined, 1],
    ]);
    for (const span of [call, ...attempts]) expect(attributeOf(span, 'gen_ai.request.model')).toBe('scenario:flaky*');
    expect(JSON.stringify(spans)).not.toContain('failures=1');
  });
});

describe('C8: the provider openai', () => {
  it.each([
    [
      'a body that does not say',
      '{"model":"m","messages":[{"role":"user","content":"x"}]}',
      '{"store":false,"model":"m","messages":[{"role":"user","content":"x"}]}',
    ],
    [
      'a body that asks for storage',
      '{"store": true,"model":"m","messages":[{"role":"user","content":"x"}]}',
      '{"store": false,"model":"m","messages":[{"role":"user","content":"x"}]}',
    ],
  ])('is told not to store, for %s', async (_what, body, sent) => {
    const tenant = await app.tenant({ route: false });
    const { id } = await app.lethe
      .get(CredentialAdministration)
      .issue(ACTOR, tenant.organisationId, { name: 'openai', provider: 'openai', secret: 'sk-openai-000001', baseUrl: app.upstream.url });
    await app.route(tenant.organisationId, { model: '*', targets: [{ credentialId: id }] });
    expect((await app.chat(tenant, body)).status).toBe(200);
    expect(app.upstream.calls().at(-1)?.body?.toString()).toBe(sent);
  });
});
