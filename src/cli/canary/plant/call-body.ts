const IMAGE_HEAD = Buffer.from('89504e470d0a1a0a', 'hex');
/** Longer than any page: a word that comes again and again in it cannot fall between two each time. */
const LONG_REPEATS = 40;
const LONG_FILLER = ' and some words that nobody is looking for'.repeat(5);

/** A request with a word in every place that can hold content. */
export function callBody(said: (kind: string) => string): Record<string, unknown> {
  const image = Buffer.concat([IMAGE_HEAD, Buffer.from(said('image'))]).toString('base64');
  const call = { name: 'look_up', arguments: JSON.stringify({ q: said('tool arguments') }) };
  const parameters = { type: 'object', properties: { [said('tool parameter')]: { type: 'string' } } };
  return {
    messages: [
      { role: 'system', content: `You are ${said('system prompt')}.` },
      {
        role: 'user',
        name: said('participant'),
        content: [
          { type: 'text', text: `${said('prompt')}${LONG_FILLER}`.repeat(LONG_REPEATS) },
          { type: 'image_url', image_url: { url: `data:image/png;base64,${image}` } },
        ],
      },
      { role: 'assistant', tool_calls: [{ id: 'call_1', type: 'function', function: call }] },
      { role: 'tool', tool_call_id: 'call_1', content: said('tool result') },
    ],
    tools: [{ type: 'function', function: { name: 'look_up', description: said('tool description'), parameters } }],
    response_format: { type: 'json_schema', json_schema: { name: 'x', schema: { title: said('answer schema') } } },
    metadata: { note: said('metadata field') },
    user: said('end user'),
    stop: [said('stop sequence')],
    [said('unknown field')]: said('unknown value'),
    max_tokens: 12,
  };
}
