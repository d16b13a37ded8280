import { describe, expect, it } from 'vitest';
import { AppError, errorCatalogue } from '../../kernel/errors.js';
import { newId } from '../../kernel/ids.js';
import type { LogFields } from './log-fields.js';
import { Log } from './logger.js';
import { NestLog } from './nest-logger.js';

const CANARY = 'Canary-prompt 4711 "the user said"';
const KEY = 'sk-proj-abcdefghijklmnop';

function capture(): { log: Log; text: () => string; lines: () => Record<string, unknown>[] } {
  const written: string[] = [];
  const log = Log.open({ level: 'trace', destination: { write: (line: string) => void written.push(line) } });
  return { log, text: () => written.join(''), lines: () => written.map((line) => JSON.parse(line) as Record<string, unknown>) };
}

function pgLikeError(): Error {
  const error = new Error(`duplicate key value ${CANARY}`);
  return Object.assign(error, {
    code: '23505',
    detail: `Key (email)=(${CANARY}) already exists.`,
    where: CANARY,
    query: `INSERT INTO x VALUES ('${CANARY}')`,
    parameters: [CANARY, KEY],
    table: CANARY,
    driverError: { detail: CANARY },
    headers: { authorization: `Bearer ${KEY}` },
    request: { url: `https://upstream.example/v1?key=${KEY}` },
  });
}

function jsonError(): unknown {
  try {
    return JSON.parse(`{"messages": ${CANARY}`);
  } catch (error) {
    return error;
  }
}

const leaks: [string, unknown][] = [
  ['the message of an error', new Error(CANARY)],
  ["V8's JSON error, which quotes the text", jsonError()],
  ['the detail, query and parameters of a driver error', pgLikeError()],
  ['a cause', new Error('outer', { cause: new Error(CANARY, { cause: pgLikeError() }) })],
  ['the cause of an AppError', new AppError('a/b', 500, CANARY, { body: CANARY }, { cause: pgLikeError() })],
  ['an AggregateError', new AggregateError([new Error(CANARY), pgLikeError(), CANARY], CANARY)],
  ['a thrown string', CANARY],
  ['a thrown object', { message: CANARY, stack: `${CANARY}\n    at ${CANARY} (/x.js:1:1)`, code: CANARY }],
  ['an error whose name was changed', Object.assign(new Error('x'), { name: CANARY })],
  ['an error whose code is prose', Object.assign(new Error('x'), { code: CANARY })],
  ['an error whose code is a key', Object.assign(new Error('x'), { code: KEY })],
  ['a message made of lines that look like frames', new Error(`x\n    at ${CANARY} (/app/x.js:1:1)`)],
  ['a message changed after the stack was taken', Object.assign(new Error(`x\n    at ${CANARY} (/app/x.js:1:1)`), { message: 'y' })],
  ['a class named by content', new ({ [CANARY]: class extends Error {} }[CANARY] ?? Error)('x')],
];

describe('Log', () => {
  it.each(leaks)('C1, K2: %s never reaches the log', (_how, error) => {
    const { log, text, lines } = capture();
    log.error('it failed', { err: error });
    new NestLog(log).error(error, 'ExceptionsHandler');
    new NestLog(log).error(CANARY, `Error: ${CANARY}\n    at x`, 'ExceptionsHandler');
    expect(lines()).toHaveLength(3);
    expect(text()).not.toMatch(/canary|4711|the user said|abcdefghij/i);
  });

  it('C1: a field that is not on the list is dropped, however deep its content', () => {
    const { log, text } = capture();
    const fields = { prompt: CANARY, body: { messages: [{ content: CANARY }] }, headers: { authorization: KEY }, status: 200 };
    log.info('call finished', fields as LogFields);
    log.child(fields as LogFields).info('call finished');
    expect(text()).not.toMatch(/canary|abcdefghij/i);
    expect(text()).toContain('"status":200');
  });

  it('K2: a listed field refuses prose, keys, addresses with a query and objects', () => {
    const { log, lines } = capture();
    log.info('call finished', { requestId: CANARY, model: CANARY, provider: KEY, route: `/v1?key=${KEY}`, code: KEY });
    log.info('call finished', { status: { secret: KEY }, roles: [KEY, 'api'], degraded: KEY } as unknown as LogFields);
    const withheld = '[withheld]';
    expect(lines()[0]).toMatchObject({ requestId: withheld, model: withheld, provider: withheld, route: withheld, code: withheld });
    expect(lines()[1]).toMatchObject({ status: withheld, roles: [withheld, 'api'], degraded: withheld });
  });

  it('keeps what an operator needs: name, code, the catalogue sentence and the frames', () => {
    const catalogue = errorCatalogue('logger_spec', { broken: { status: 500, message: 'It broke.' } });
    const { log, lines } = capture();
    const requestId = newId();
    log.child({ requestId }).error('it failed', { err: catalogue.broken({ message: CANARY, cause: pgLikeError() }) });
    expect(lines()[0]).toMatchObject({
      level: 'error',
      msg: 'it failed',
      requestId,
      err: { name: 'AppError', code: 'logger_spec/broken', status: 500, message: 'It broke.', cause: { name: 'Error', code: '23505' } },
    });
    const err = lines()[0]?.err as { frames: string[] } | undefined;
    expect(err?.frames.some((frame) => frame.includes('logger.spec.ts'))).toBe(true);
  });

  it('survives errors that turn on the logger: cycles and getters that throw', () => {
    const { log, lines } = capture();
    const cyclic = new Error('x');
    cyclic.cause = cyclic;
    const hostile = Object.defineProperty(new Error('x'), 'stack', {
      get: () => {
        throw new Error('no');
      },
    });
    log.error('it failed', { err: cyclic });
    log.error('it failed', { err: hostile });
    expect(lines()).toHaveLength(2);
  });

  it('does not compile a message with a value in it', () => {
    const { log } = capture();
    const name: string = 'x';
    // @ts-expect-error a message is a constant
    log.info(`hello ${name}`);
    // @ts-expect-error a message is a constant
    log.info(name);
    log.info('hello');
  });

  it('writes nothing below its level', () => {
    const written: string[] = [];
    const log = Log.open({ level: 'warn', destination: { write: (line: string) => void written.push(line) } });
    log.info('quiet');
    log.warn('loud');
    expect(written).toHaveLength(1);
  });
});

describe('NestLog', () => {
  it("keeps Nest's start-up messages as structured lines", () => {
    const { log, lines } = capture();
    new NestLog(log).log('Mapped {/api/v1/projects, GET} route', 'RouterExplorer');
    expect(lines()[0]).toMatchObject({ level: 'debug', component: 'RouterExplorer', nestMessage: 'Mapped {/api/v1/projects, GET} route' });
  });
});
