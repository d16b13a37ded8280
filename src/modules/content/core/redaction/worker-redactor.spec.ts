import { afterEach, describe, expect, it } from 'vitest';
import { DEFAULT_LIMITS, type RedactorLimits, WorkerRedactor } from './worker-redactor.ts';

const SECRET = `ghp_${'a1B2c3D4e5'.repeat(4)}`;
const body = (text: string): Uint8Array => Buffer.from(JSON.stringify({ content: text }));
const open: WorkerRedactor[] = [];

function redactorWith(limits: Partial<RedactorLimits> = {}): WorkerRedactor {
  const redactor = new WorkerRedactor({ personalData: false, patterns: [] }, { ...DEFAULT_LIMITS, ...limits });
  open.push(redactor);
  return redactor;
}

afterEach(async () => {
  for (const redactor of open.splice(0)) await redactor.stop();
});

describe('the redactor in its worker (C2)', () => {
  it('redacts off the thread that asks, and counts by family only', async () => {
    const outcome = await redactorWith().redact({
      body: body(`use ${SECRET}`),
      knownSecrets: [],
      headers: { 'Content-Type': 'a/b', Cookie: 'x=y' },
    });
    expect(outcome).toMatchObject({ kind: 'redacted', headers: { 'content-type': 'a/b' }, findings: { token: 1 } });
    expect(outcome.kind === 'redacted' && Buffer.from(outcome.body).toString()).toBe('{"content":"use [redacted]"}');
  });

  it('leaves the body of the caller as it was', async () => {
    const given = body(SECRET);
    const before = Buffer.from(given).toString();
    await redactorWith().redact({ body: given, knownSecrets: [] });
    expect(Buffer.from(given).toString()).toBe(before);
  });

  it('drops what is too large, before any work', async () => {
    expect(await redactorWith({ maxBytes: 10 }).redact({ body: body('eleven bytes'), knownSecrets: [] })).toEqual({
      kind: 'dropped',
      reason: 'too_large',
    });
  });

  it('drops what is compressed', async () => {
    expect(await redactorWith().redact({ body: Buffer.from([0x1f, 0x8b]), knownSecrets: [] })).toEqual({
      kind: 'dropped',
      reason: 'failed',
    });
  });

  it('drops when too many wait, and serves those that were taken', async () => {
    const redactor = redactorWith({ maxWaiting: 2 });
    const outcomes = await Promise.all([1, 2, 3].map(() => redactor.redact({ body: body('hello'), knownSecrets: [] })));
    expect(outcomes.map((each) => (each.kind === 'dropped' ? each.reason : each.kind))).toEqual(['redacted', 'redacted', 'busy']);
  });

  it('ends a worker that takes too long, drops that call alone, and serves the next with a new one', async () => {
    const redactor = redactorWith({ timeoutMs: 1 });
    const large = body('password="x" '.repeat(100_000));
    expect(await redactor.redact({ body: large, knownSecrets: [] })).toEqual({ kind: 'dropped', reason: 'timed_out' });
    Object.assign(redactor, { limits: DEFAULT_LIMITS });
    expect((await redactor.redact({ body: body('hello'), knownSecrets: [] })).kind).toBe('redacted');
  });

  it('survives the death of its worker: the call is dropped, the next one works', async () => {
    const redactor = redactorWith();
    await redactor.redact({ body: body('hello'), knownSecrets: [] });
    const waiting = redactor.redact({ body: body('password="x" '.repeat(50_000)), knownSecrets: [] });
    await (redactor as unknown as { worker: { terminate(): Promise<number> } }).worker.terminate();
    expect(await waiting).toEqual({ kind: 'dropped', reason: 'failed' });
    expect((await redactor.redact({ body: body('hello'), knownSecrets: [] })).kind).toBe('redacted');
  });

  it('stops: what waits and what comes later is dropped, and nothing hangs', async () => {
    const redactor = redactorWith();
    const waiting = [1, 2].map(() => redactor.redact({ body: body('hello'), knownSecrets: [] }));
    await redactor.stop();
    expect(await Promise.all([...waiting, redactor.redact({ body: body('late'), knownSecrets: [] })])).toEqual(
      Array.from({ length: 3 }, () => ({ kind: 'dropped', reason: 'failed' })),
    );
    await redactor.stop();
  });
});
