import { type Answer, callId, deepseekUsage, reportedUsage, TOOL } from './chat-completion.ts';
import type { Usage } from './usage.ts';
import { wordJson } from './words.ts';

/** One server-sent event, and what sending it means. */
export interface Frame {
  readonly kind: 'role' | 'content' | 'finish' | 'usage' | 'done';
  readonly text: string;
  /** Usage told by this frame. */
  readonly usage?: Usage;
}

/**
 * The events of one answer, in OpenAI's order: role, content, finish, then the usage chunk (with `choices: []`, when asked
 * for) and `[DONE]`. Made one at a time, so that a flood needs no memory.
 */
export function* framesOf(answer: Answer, includeUsage: boolean): Generator<Frame, void, undefined> {
  const { generation, behaviour } = answer;
  const style = behaviour.usage ?? 'standard';
  const usage = reportedUsage(answer);
  const head =
    `data: {"id":"${answer.id}","object":"chat.completion.chunk","created":${answer.created},"model":${JSON.stringify(answer.model)},` +
    '"service_tier":"default","system_fingerprint":"fp_stand_in","choices":[';
  // With include_usage the real one puts a null usage on every chunk but the last.
  const tail = includeUsage && style !== 'missing' ? '],"usage":null}\n\n' : ']}\n\n';
  const chunk = (index: number, delta: string, finish = 'null'): string =>
    `${head}{"index":${index},"delta":${delta},"logprobs":null,"finish_reason":${finish}}${tail}`;

  const choices = generation.choices;
  for (let index = 0; index < choices; index += 1) yield { kind: 'role', text: chunk(index, openingDelta(answer)) };
  for (const word of generation.words) {
    for (let index = 0; index < choices; index += 1) yield { kind: 'content', text: chunk(index, contentDelta(answer, word)) };
  }
  if (behaviour.delta === 'tool_calls') {
    for (let index = 0; index < choices; index += 1) yield { kind: 'role', text: chunk(index, argumentDelta('"\\"}"')) };
  }
  for (let index = 0; index < choices; index += 1) {
    const text = chunk(index, '{}', JSON.stringify(generation.finishReason));
    const last = index === choices - 1;
    if (last && usage !== undefined && style === 'finish')
      yield { kind: 'finish', text: withUsage(text, tail, `"usage":${JSON.stringify(deepseekUsage(usage))}`), usage };
    else if (last && usage !== undefined && style === 'groq')
      yield { kind: 'finish', text: withUsage(text, tail, `"x_groq":${JSON.stringify({ id: answer.id, usage })}`), usage };
    else yield { kind: 'finish', text };
  }
  const extraChunk = style === 'always' || (includeUsage && (style === 'standard' || style === 'zero'));
  if (extraChunk && usage !== undefined) yield { kind: 'usage', text: `${head}],"usage":${JSON.stringify(usage)}}\n\n`, usage };
  if (behaviour.done !== false) yield { kind: 'done', text: 'data: [DONE]\n\n' };
}

function withUsage(text: string, tail: string, field: string): string {
  return `${text.slice(0, -tail.length)}],${field}}\n\n`;
}

function openingDelta({ behaviour, id }: Answer): string {
  switch (behaviour.delta) {
    case 'tool_calls':
      // The arguments are one JSON string cut into pieces: this opens it, each word adds to it, the last piece closes it.
      return `{"role":"assistant","content":null,"tool_calls":[{"index":0,"id":"${callId(id)}","type":"function","function":{"name":"${TOOL}","arguments":"{\\"text\\":\\""}}],"refusal":null}`;
    case 'refusal':
      return '{"role":"assistant","content":null,"refusal":""}';
    default:
      return '{"role":"assistant","content":"","refusal":null}';
  }
}

function contentDelta({ behaviour }: Answer, word: string): string {
  switch (behaviour.delta) {
    case 'tool_calls':
      return argumentDelta(JSON.stringify(wordJson(word).slice(1, -1)));
    case 'refusal':
      return `{"refusal":${wordJson(word)}}`;
    case 'reasoning':
      return `{"reasoning_content":${wordJson(word)},"content":null}`;
    default:
      return `{"content":${wordJson(word)}}`;
  }
}

function argumentDelta(json: string): string {
  return `{"tool_calls":[{"index":0,"function":{"arguments":${json}}}]}`;
}
