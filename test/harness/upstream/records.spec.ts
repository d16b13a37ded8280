import { spawn, type ChildProcess } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { checkBehaviour, parseKnobs } from './behaviour.ts';
import { parseScenario, SCENARIOS } from './scenarios.ts';
import { startUpstream } from './server.ts';

const messages = [{ role: 'user', content: 'hello' }];
const call = (url: string, body: object, headers: Record<string, string> = {}) =>
  fetch(`${url}/chat/completions`, {
    method: 'POST',
    body: JSON.stringify({ model: 'stand-in', messages, ...body }),
    headers: { authorization: 'Bearer sk-test-records', ...headers },
  });

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'stand-in-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

describe('the log', () => {
  test('keeps what arrived: headers without the key, the digest and the bytes of the body', async () => {
    const upstream = await startUpstream({ keepBodies: true });
    const body = JSON.stringify({ model: 'stand-in', messages: [{ role: 'user', content: 'ünï 🌿' }] });
    await fetch(`${upstream.url}/chat/completions`, {
      method: 'POST',
      body,
      headers: { authorization: 'Bearer sk-secret-4321', 'x-client-request-id': 'id-7', 'x-forwarded-for': '10.0.0.1' },
    });
    const [record] = upstream.calls();
    expect(record).toMatchObject({
      sequence: 1,
      keyTail: '4321',
      model: 'stand-in',
      stream: false,
      clientRequestId: 'id-7',
      bodyBytes: Buffer.byteLength(body),
    });
    expect(record?.body?.toString()).toBe(body);
    expect(record?.bodySha256).toBe(createHash('sha256').update(body).digest('hex'));
    expect(record?.headers['x-forwarded-for']).toBe('10.0.0.1');
    expect(JSON.stringify(record?.headers)).not.toContain('secret');
    await upstream.close();
  });

  test('writes one line when a call arrives and one when it ends', async () => {
    const logFile = join(folder, 'calls.jsonl');
    const upstream = await startUpstream({ logFile });
    const pending = call(upstream.url, { model: 'scenario:slow-headers,headerDelayMs=100', max_tokens: 7 });
    while (upstream.calls().length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    expect(lines(logFile).map((line) => line.event)).toEqual(['received']);
    const answer = (await (await pending).json()) as { id: string };
    await upstream.idle();
    expect(lines(logFile)[1]).toMatchObject({
      event: 'ended',
      sequence: 1,
      outcome: 'completed',
      responseId: answer.id,
      generated: { completionTokens: 7 },
      reported: { completion_tokens: 7 },
    });
    await upstream.close();
  });

  test('only counts in bench mode', async () => {
    const upstream = await startUpstream({ bench: true, tokens: 30 });
    const answer = (await (await call(upstream.url, {})).json()) as { usage: { completion_tokens: number } };
    await upstream.idle();
    expect([answer.usage.completion_tokens, upstream.calls(), upstream.counters()]).toEqual([
      30,
      [],
      { received: 1, completed: 1, disconnected: 0, cut: 0, failed: 0 },
    ]);
    await upstream.close();
  });
});

describe('choosing a behaviour', () => {
  test('a script goes before the model name, serves as often as it says, and can be taken away', async () => {
    const upstream = await startUpstream();
    const remove = upstream.script({ key: 'sk-test-records' }, 'status,status=503');
    upstream.script({ model: 'stand-in', times: 1 }, { status: 429 });
    const statuses = [];
    for (let turn = 0; turn < 2; turn += 1) statuses.push((await call(upstream.url, {})).status);
    remove();
    statuses.push((await call(upstream.url, {})).status);
    expect(statuses).toEqual([429, 503, 200]);
    await upstream.close();
  });

  test('every scenario is made of known knobs, and typing errors are loud', () => {
    for (const behaviour of Object.values(SCENARIOS)) expect(checkBehaviour(behaviour)).toEqual(behaviour);
    expect(parseScenario('redirect,redirectTo=http%3A%2F%2Fa%2Cb')).toEqual({ redirectTo: 'http://a,b' });
    expect(parseKnobs(['done=false', 'echo'])).toEqual({ done: false, echo: true });
    expect(() => parseScenario('cutt')).toThrow('no scenario is called "cutt"');
    expect(() => parseScenario('cut,toString=1')).toThrow('no knob is called "toString"');
    expect(() => parseScenario('cut,cutAfter=soon')).toThrow('"cutAfter" cannot be "soon"');
  });

  test('the README names every scenario', () => {
    const readme = readFileSync(new URL('README.md', import.meta.url), 'utf8');
    expect(Object.keys(SCENARIOS).filter((name) => !readme.includes(`\`${name}\``))).toEqual([]);
  });
});

describe('the program', () => {
  test('says where it listens, is driven over /_control, and leaves on SIGTERM', async () => {
    const { child, url } = await spawnUpstream(['--key-scenario', 'sk-bad-one=overloaded']);
    const control = new URL('/_control/', url);
    expect((await call(url, {}, { authorization: 'Bearer sk-bad-one' })).status).toBe(529);
    await fetch(new URL('script', control), {
      method: 'POST',
      body: JSON.stringify({ match: { model: 'stand-in' }, behaviour: 'status,status=409' }),
    });
    expect((await call(url, {})).status).toBe(409);
    const { calls } = (await (await fetch(new URL('calls', control))).json()) as { calls: { outcome: string }[] };
    expect(calls.map((record) => record.outcome)).toEqual(['error:529', 'error:409']);
    expect((await fetch(new URL('script', control), { method: 'POST', body: '{"match":{"modle":"x"},"behaviour":"happy"}' })).status).toBe(
      400,
    );
    await fetch(new URL('reset', control), { method: 'POST' });
    expect(await (await fetch(new URL('counters', control))).json()).toMatchObject({ received: 0 });
    expect((await call(url, {})).status).toBe(200);
    const exit = once(child, 'exit');
    child.kill('SIGTERM');
    expect(await exit).toEqual([0, null]);
  });

  test('leaves with its parent when asked to', async () => {
    const { child } = await spawnUpstream(['--exit-with-parent']);
    const exit = once(child, 'exit');
    child.stdin!.end();
    expect(await exit).toEqual([0, null]);
  });
});

async function spawnUpstream(flags: string[]): Promise<{ child: ChildProcess; url: string }> {
  const child = spawn(process.execPath, [fileURLToPath(new URL('main.ts', import.meta.url)), '--port', '0', ...flags], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const [line] = (await once(createInterface({ input: child.stdout! }), 'line')) as [string];
  return { child, url: (JSON.parse(line) as { url: string }).url };
}

function lines(file: string): Record<string, unknown>[] {
  return readFileSync(file, 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}
