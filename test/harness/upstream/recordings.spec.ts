import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { startUpstream } from './server.ts';

const recordings = join(process.env['LETHE_SHARED'] ?? '../shared', 'wire', 'openai');
const present = existsSync(recordings);
if (!present) process.stderr.write(`recordings.spec: skipped, no recorded traffic at ${recordings} (set LETHE_SHARED)\n`);

/** `a.b[]`-like paths of every field, arrays flattened. */
function fieldsOf(value: unknown, path = ''): string[] {
  if (Array.isArray(value)) return value.flatMap((item) => fieldsOf(item, `${path}[]`));
  if (typeof value !== 'object' || value === null) return [path];
  return Object.entries(value).flatMap(([name, field]) => fieldsOf(field, `${path}.${name}`));
}

function recordedFields(kind: string, read: (response: { body?: unknown; chunks?: string[] }) => unknown): Set<string> {
  const folder = join(recordings, kind);
  const files = readdirSync(folder).map(
    (file) => JSON.parse(readFileSync(join(folder, file), 'utf8')) as { response: { body?: unknown; chunks?: string[] } },
  );
  return new Set(files.flatMap(({ response }) => fieldsOf(read(response))));
}

const events = (text: string) => [...text.matchAll(/^data: (\{.*)$/gm)].map((match) => JSON.parse(match[1]!) as unknown);

async function answer(body: object): Promise<string> {
  const upstream = await startUpstream();
  const headers = { authorization: 'Bearer sk-test-recordings' };
  const response = await fetch(`${upstream.url}/chat/completions`, {
    method: 'POST',
    headers,
    body: JSON.stringify({ messages: [{ role: 'user', content: 'hello' }], ...body }),
  });
  const text = await response.text();
  await upstream.close();
  return text;
}

describe.skipIf(!present)('the stand-in sends no field that OpenAI was not recorded to send', () => {
  test('in a completion', async () => {
    const known = recordedFields('chat', ({ body }) => body);
    for (const model of ['stand-in', 'scenario:tools']) {
      expect(fieldsOf(JSON.parse(await answer({ model }))).filter((field) => !known.has(field))).toEqual([]);
    }
  });

  test('in a stream', async () => {
    const known = recordedFields('chat-stream', ({ chunks = [] }) => events(chunks.join('')));
    for (const model of ['stand-in', 'scenario:tools', 'scenario:refusal']) {
      const sent = events(await answer({ model, stream: true, stream_options: { include_usage: true } }));
      expect(fieldsOf(sent).filter((field) => !known.has(field))).toEqual([]);
    }
  });

  test('in an error', async () => {
    const known = recordedFields('error', ({ body }) => body);
    const sent = JSON.parse(await answer({ model: 'scenario:model-not-found' })) as unknown;
    expect(fieldsOf(sent).filter((field) => !known.has(field))).toEqual([]);
  });
});
