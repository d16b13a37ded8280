import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TestLethe, type TestTenant } from '../harness/app.js';

describe('POST /v1/chat/completions', () => {
  let app: TestLethe;
  let tenant: TestTenant;

  beforeAll(async () => {
    app = await TestLethe.start();
    await app.api('POST', '/price-overrides', { model: 'gpt-4o-mini', inputPerMillion: '0.15', outputPerMillion: '0.6', perRequest: '0' });
    tenant = await app.tenant();
  });

  afterAll(() => app.stop());

  it('R1: answers the official SDK, and the ledger has the call to the last token', async () => {
    const answer = await app
      .openai(tenant)
      .chat.completions.create({ model: 'gpt-4o-mini', messages: [{ role: 'user', content: 'Hello there' }], max_tokens: 12 });
    expect(answer.choices[0]?.message.content).toBeTruthy();
    const [record] = await app.records(tenant, 1);
    expect(record).toMatchObject({
      outcome: 'succeeded',
      http_status: 200,
      usage_source: 'reported',
      input_tokens: answer.usage?.prompt_tokens,
      output_tokens: answer.usage?.completion_tokens,
      price_source: 'override',
      stream: false,
    });
  });

  it('streams to the official SDK and meters without showing the usage chunk nobody asked for', async () => {
    const other = await app.tenant();
    const stream = await app
      .openai(other)
      .chat.completions.create({ model: 'gpt-4o-mini', messages: [{ role: 'user', content: 'Hi' }], max_tokens: 10, stream: true });
    let text = '';
    for await (const chunk of stream) {
      expect(chunk.choices.length).toBe(1);
      text += chunk.choices[0]?.delta.content ?? '';
    }
    expect(text.length).toBeGreaterThan(0);
    const [record] = await app.records(other, 1);
    expect(record).toMatchObject({ outcome: 'succeeded', usage_source: 'reported', output_tokens: 10, stream: true });
  });
});
