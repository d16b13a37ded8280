import { describe, expect, it } from 'vitest';
import type { StreamTapOptions } from './dialect.js';
import { OpenAiChatStreamTap } from './openai-chat-stream.js';

const usage = { prompt_tokens: 5, completion_tokens: 2, total_tokens: 7 };

function tapOf(options: Partial<StreamTapOptions> = {}): OpenAiChatStreamTap {
  return new OpenAiChatStreamTap({ hideUsage: false, choices: 1, ...options });
}

function event(chunk: unknown): string {
  return `data: ${JSON.stringify(chunk)}\n\n`;
}

function delta(content: object, finish: string | null = null, index = 0): string {
  return event({ id: 'c1', model: 'm', choices: [{ index, delta: content, finish_reason: finish }] });
}

const outs = new WeakMap<OpenAiChatStreamTap, Buffer[]>();

/** What has come out since it was last asked, the first time what waited. */
function drained(tap: OpenAiChatStreamTap): string {
  let out = outs.get(tap);
  if (!out) {
    const sink: Buffer[] = [];
    outs.set(tap, (out = sink));
    tap.passTo((events) => sink.push(Buffer.from(events)));
  }
  return Buffer.concat(out.splice(0)).toString();
}

describe('the stream tap', () => {
  it('gives out whole events only, as soon as they are whole', () => {
    const tap = tapOf();
    const first = delta({ content: 'é' });
    const bytes = Buffer.from(first + delta({ content: 'b' }));
    tap.push(bytes.subarray(0, 5));
    expect(drained(tap)).toBe('');
    tap.push(bytes.subarray(5, Buffer.byteLength(first) + 3));
    expect(drained(tap)).toBe(first);
    expect(drained(tap)).toBe('');
  });

  it('passes a chunk of whole events on as the very same buffer', () => {
    const tap = tapOf();
    const chunk = Buffer.from(delta({ content: 'a' }) + delta({ content: 'b' }));
    const passed: Buffer[] = [];
    tap.passTo((events) => passed.push(events));
    tap.push(chunk);
    expect(passed).toHaveLength(1);
    expect(passed[0]).toBe(chunk);
  });

  it('keeps copies of what waits: the memory of what is pushed belongs to somebody else', () => {
    const tap = tapOf();
    const text = `${delta({ role: 'assistant' })}data: {"choices":[`;
    const chunk = Buffer.from(text);
    tap.push(chunk);
    chunk.fill('x');
    expect(tap.waitingBytes).toBe(delta({ role: 'assistant' }).length);
    const mark = Buffer.from(']}\n\ndata: [DONE]\n\n');
    tap.push(mark);
    mark.fill('x');
    expect(drained(tap)).toBe(`${text}]}\n\n`);
    expect(tap.waitingBytes).toBe(0);
    expect(Buffer.concat(tap.lastBytes()).toString()).toBe('data: [DONE]\n\n');
  });

  it('peers 14: content has not begun with the role, a comment, an empty string or an empty list', () => {
    const tap = tapOf();
    tap.push(Buffer.from(': OPENROUTER PROCESSING\n\n'));
    tap.push(Buffer.from(delta({ role: 'assistant', content: '', refusal: null, tool_calls: [], reasoning: null })));
    tap.push(Buffer.from(event({ choices: [], prompt_filter_results: [] })));
    expect(tap.facts.hasContent).toBe(false);
  });

  it.each<object>([
    { content: 'a' },
    { reasoning_content: 'a' },
    { reasoning: 'a' },
    { refusal: 'no' },
    { tool_calls: [{ index: 0, id: 'x', function: { name: 'f', arguments: '' } }] },
    { function_call: { name: 'f' } },
    { content: [{ type: 'thinking', thinking: [{ type: 'text', text: 'a' }] }] },
    { audio: { data: 'AAAA' } },
  ])('peers 14: content has begun with %j', (content) => {
    const tap = tapOf();
    tap.push(Buffer.from(delta(content)));
    expect(tap.facts.hasContent).toBe(true);
  });

  it('keeps the end mark back until it is asked for, and says the stream is whole', () => {
    const tap = tapOf();
    tap.push(Buffer.from(`${delta({ content: 'a' })}data: [DONE]\n\n: late\n\nda`));
    tap.push(Buffer.from('ta: later\n\n'));
    expect(drained(tap)).toBe(delta({ content: 'a' }));
    expect(tap.finish()).toBe('complete');
    expect(drained(tap)).toBe('');
    expect(Buffer.concat(tap.lastBytes()).toString()).toBe('data: [DONE]\n\n: late\n\ndata: later\n\n');
  });

  it('does not keep an endless flood behind the end mark', () => {
    const tap = tapOf();
    tap.push(Buffer.from('data: [DONE]\n\n'));
    for (let i = 0; i < 1000; i++) tap.push(Buffer.alloc(10_000, 'x'));
    expect(Buffer.concat(tap.lastBytes()).length).toBeLessThan(100_000);
  });

  it('is whole without an end mark once every choice has finished, and cut while one has not', () => {
    const one = tapOf({ choices: 2 });
    one.push(Buffer.from(delta({ content: 'a' }) + delta({}, 'stop', 0)));
    expect(one.finish()).toBe('cut');
    const both = tapOf({ choices: 2 });
    both.push(Buffer.from(delta({}, 'length', 1) + delta({}, 'stop', 0)));
    expect(both.finish()).toBe('complete');
    expect(both.facts.finishReason).toBe('stop');
  });

  it('peers 13: drops half an event at a cut, and keeps what was measured', () => {
    const tap = tapOf();
    tap.push(Buffer.from(`${delta({ content: 'twelve chars' })}data: {"choices":[{"delta":{"con`));
    expect(tap.finish()).toBe('cut');
    expect(drained(tap)).toBe(delta({ content: 'twelve chars' }));
    expect(tap.facts.outputTokensEstimate).toBe(3);
    expect(tap.facts.usage).toBeNull();
  });

  it('completes a last event that lacks only its blank line', () => {
    for (const ending of ['', '\n']) {
      const tap = tapOf();
      tap.push(Buffer.from(`${delta({ content: 'a' })}${delta({}, 'stop').trimEnd()}${ending}`));
      expect(tap.finish()).toBe('complete');
      expect(drained(tap)).toBe(delta({ content: 'a' }) + delta({}, 'stop'));
    }
    const mark = tapOf();
    mark.push(Buffer.from('data: [DONE]'));
    expect(mark.finish()).toBe('complete');
    expect(Buffer.concat(mark.lastBytes()).toString()).toBe('data: [DONE]\n\n');
  });

  it('hides the usage event the gateway asked for, and never a chunk that carries more', () => {
    const hidden = event({ id: 'c1', choices: [], usage });
    const onFinish = event({ id: 'c1', choices: [{ index: 0, delta: {}, finish_reason: 'stop' }], usage });
    const tap = tapOf({ hideUsage: true });
    tap.push(Buffer.from(delta({ content: 'a' }) + hidden + onFinish + event({ choices: [], usage: null })));
    expect(drained(tap)).toBe(delta({ content: 'a' }) + onFinish + event({ choices: [], usage: null }));
    expect(tap.facts.usage).toMatchObject({ inputTokens: 5, outputTokens: 2 });
  });

  it('peers 11: an explicit zero is a figure, a missing usage is none', () => {
    const tap = tapOf();
    expect(tap.facts.usage).toBeNull();
    tap.push(Buffer.from(event({ choices: [], usage: {} }) + event({ choices: [], usage: null })));
    expect(tap.facts.usage).toBeNull();
    tap.push(Buffer.from(event({ choices: [], usage: { prompt_tokens: 0, completion_tokens: 0, total_tokens: 0 } })));
    expect(tap.facts.usage).toMatchObject({ inputTokens: 0, outputTokens: 0 });
  });

  it.each([
    [
      'an error member',
      { error: { message: 'secret', type: 'server_error', code: 502 } },
      { type: 'server_error', code: '502', status: 502 },
    ],
    ['a bare text', { error: 'secret' }, { type: null, code: null, status: null }],
    [
      'the bare form of vLLM',
      { object: 'error', message: 'secret', type: 'BadRequestError', code: 400 },
      { type: 'BadRequestError', code: '400', status: 400 },
    ],
    [
      'the bare form of DashScope',
      { code: 'Throttling', message: 'secret', request_id: 'r' },
      { type: null, code: 'Throttling', status: null },
    ],
  ])('reads an error inside a 200 stream, without its message: %s', (_, chunk, expected) => {
    const tap = tapOf();
    tap.push(Buffer.from(event(chunk)));
    expect(tap.facts.error).toEqual(expected);
    expect(tap.facts.hasContent).toBe(false);
    expect(tap.finish()).toBe('error');
  });

  it('forwards and counts data lines that are not JSON, and reads on', () => {
    const tap = tapOf();
    const text = `data: {"half":\n\ndata: 5\n\ndata: null\n\n${delta({ content: 'a' })}`;
    tap.push(Buffer.from(text));
    expect(drained(tap)).toBe(text);
    expect(tap.malformedEvents).toBe(3);
    expect(tap.facts.hasContent).toBe(true);
  });

  it('survives a chunk of hostile shapes and depth', () => {
    const tap = tapOf();
    const deep = `${'{"thinking":['.repeat(50_000)}${']}'.repeat(50_000)}`;
    for (const chunk of [
      '{"choices":[null,5,[],{"delta":5},{"delta":{"tool_calls":[null,{"function":7}],"content":[null,7]}}],"usage":[]}',
      '{"choices":{"0":{}},"usage":{"prompt_tokens":-1,"completion_tokens":"7"},"x_groq":4,"id":7}',
      `{"choices":[{"index":0,"delta":{"content":[${deep}]}}]}`,
      '{"__proto__":{"usage":{"prompt_tokens":1}}}',
    ]) {
      tap.push(Buffer.from(`data: ${chunk}\n\n`));
    }
    expect(tap.facts.usage).toBeNull();
    expect(tap.malformedEvents).toBe(0);
  });

  it('reads usage that counts reasoning outside the completion, by its total or by the provider flag', () => {
    const xai = { prompt_tokens: 361, completion_tokens: 26, completion_tokens_details: { reasoning_tokens: 235 } };
    const outputOf = (raw: object, reasoningOutsideOutput: boolean): number | undefined => {
      const tap = tapOf({ reasoningOutsideOutput });
      tap.push(Buffer.from(event({ choices: [], usage: raw })));
      return tap.facts.usage?.outputTokens;
    };
    expect(outputOf({ ...xai, total_tokens: 622 }, false)).toBe(261);
    expect(outputOf({ ...xai, total_tokens: 387 }, true)).toBe(26);
    expect(outputOf(xai, true)).toBe(261);
    expect(outputOf(xai, false)).toBe(26);
  });

  it('refuses an event beyond its bound', () => {
    const tap = tapOf({ maxEventBytes: 1000 });
    expect(() => tap.push(Buffer.alloc(2000, 'x'))).toThrow('dialect/event_too_large');
  });
});
