import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AppError } from '../../../kernel/errors.js';
import { applySplices, findMember, mapObject, parseJsonObject, setMembers } from './json-members.js';

const limits = { maxDepth: 128, maxMembers: 1000 };

function refusal(body: Buffer | string): AppError {
  try {
    parseJsonObject(Buffer.from(body), limits);
  } catch (error) {
    if (error instanceof AppError) return error;
    throw error;
  }
  throw new Error('was accepted');
}

/** JSON text with the freedoms a client has: white space anywhere, escapes where none are needed. */
function loosely(value: unknown, space: string, escape: boolean): string {
  if (Array.isArray(value)) return `[${space}${value.map((v) => loosely(v, space, escape)).join(`${space},${space}`)}${space}]`;
  if (typeof value === 'object' && value !== null) {
    const members = Object.entries(value).map(([k, v]) => `${quoted(k, escape)}${space}:${space}${loosely(v, space, escape)}`);
    return `{${space}${members.join(`${space},${space}`)}${space}}`;
  }
  return typeof value === 'string' ? quoted(value, escape) : JSON.stringify(value);
}

function quoted(text: string, escape: boolean): string {
  if (!escape) return JSON.stringify(text);
  return `"${[...Array(text.length).keys()].map((i) => `\\u${text.charCodeAt(i).toString(16).padStart(4, '0')}`).join('')}"`;
}

const anObject = fc.dictionary(fc.string({ unit: 'grapheme', maxLength: 8 }), fc.jsonValue({ maxDepth: 4 }), { maxKeys: 8 });
const aSpace = fc.constantFrom('', ' ', '\n', '\t\r\n  ');

describe('the members of a JSON object', () => {
  it('are found with the exact bytes of their values, whatever the white space and escapes', () => {
    fc.assert(
      fc.property(anObject, aSpace, fc.boolean(), (value, space, escape) => {
        const body = Buffer.from(space + loosely(value, space, escape) + space);
        const { map } = parseJsonObject(body, limits);
        expect(map.members.map((m) => m.name)).toEqual(Object.keys(value));
        for (const member of map.members) {
          const raw = body.toString('utf8', member.valueStart, member.valueEnd);
          expect(raw).toBe(loosely(value[member.name], space, escape));
        }
      }),
      { numRuns: 300 },
    );
  });

  it('are set by splices that change nothing else: JSON equals the expected object, all other bytes are identical', () => {
    fc.assert(
      fc.property(
        anObject,
        aSpace,
        fc.boolean(),
        fc.dictionary(fc.constantFrom('model', 'a', 'store', '', 'é'), fc.jsonValue()),
        (value, space, escape, changes) => {
          const body = Buffer.from(loosely(value, space, escape));
          const { map } = parseJsonObject(body, limits);
          const raw = Object.fromEntries(Object.entries(changes).map(([k, v]) => [k, JSON.stringify(v)]));
          const splices = setMembers(map, raw);
          const result = applySplices(body, splices);
          expect(JSON.parse(result.toString())).toEqual(JSON.parse(JSON.stringify({ ...value, ...changes })));
          let kept = Buffer.from(result);
          for (const splice of [...splices].sort((a, b) => b.start - a.start)) {
            const shift = splices
              .filter((s) => s.start < splice.start)
              .reduce((n, s) => n + Buffer.byteLength(s.text) - (s.end - s.start), 0);
            const at = splice.start + shift;
            kept = Buffer.concat([
              kept.subarray(0, at),
              body.subarray(splice.start, splice.end),
              kept.subarray(at + Buffer.byteLength(splice.text)),
            ]);
          }
          expect(kept.equals(body)).toBe(true);
        },
      ),
      { numRuns: 300 },
    );
  });

  it('are found behind long strings full of escaped quotes and backslashes', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom('\\', '"', 'x'.repeat(60), 'é', '\\"'), { maxLength: 40 }), (pieces) => {
        const value = { first: pieces.join(''), second: 1 };
        const body = Buffer.from(JSON.stringify(value));
        const { map } = parseJsonObject(body, limits);
        const second = findMember(map, 'second');
        expect(body.toString('utf8', second?.valueStart, second?.valueEnd)).toBe('1');
      }),
    );
  });

  it('gives the body back untouched when there is nothing to set', () => {
    const body = Buffer.from('{"a":1}');
    expect(applySplices(body, setMembers(mapObject(body, 0, limits), {}))).toBe(body);
  });
});

describe('a body is refused with 400', () => {
  it('when a member is given twice, also behind an escape, so no provider can read another value than we checked', () => {
    expect(refusal('{"model":"a","model":"b"}').publicMessage).toBe('model: is given more than once');
    expect(refusal('{"model":"a","mod\\u0065l":"b"}').publicMessage).toBe('model: is given more than once');
  });

  it('when it nests deeper than the limit, 10,000 or 10 million levels alike, without overflowing a stack', () => {
    for (const levels of [128, 10_000, 10_000_000]) {
      const error = refusal(`{"messages":${'['.repeat(levels)}${']'.repeat(levels)}}`);
      expect(error.publicMessage).toBe('messages: is nested deeper than 128 levels');
    }
    const allowed = `{"messages":${'['.repeat(127)}${']'.repeat(127)}}`;
    expect(parseJsonObject(Buffer.from(allowed), limits).map.members).toHaveLength(1);
  });

  it('when it is not UTF-8, empty, not an object, or starts with a byte order mark', () => {
    expect(refusal(Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d])).publicMessage).toContain('not valid UTF-8');
    expect(refusal(Buffer.from('{"a":"\ud7ff"}').subarray(0, 7)).publicMessage).toContain('not valid UTF-8');
    expect(refusal('').publicMessage).toContain('empty');
    for (const body of ['[]', '"a"', 'null', '12', '   ']) expect(refusal(body).publicMessage).toContain('must be a JSON object');
    expect(refusal('\ufeff{}').publicMessage).toContain('byte order mark');
  });

  it('when it is not JSON, telling the byte and never quoting the body', () => {
    expect(refusal('{"secret-é":1,,}').publicMessage).toBe('The request body is not valid JSON (byte 15).');
    const truncated = '{"model":"gpt","messages":[{"role":"us';
    for (let cut = 1; cut < truncated.length; cut++) {
      const error = refusal(truncated.slice(0, cut));
      expect(error.status).toBe(400);
      expect(error.publicMessage).not.toMatch(/gpt|role|messages/);
    }
    for (const body of [
      '{"a":secret}',
      '{secret}',
      '{"a":1}secret',
      '{"\\x":1}',
      '{"a"}',
      '{]',
      '{"a":[}',
      '{,"a":1}',
      '{"a":1,}',
      "{'a':1}",
      '{"a":"\u0001"}',
    ]) {
      expect(refusal(body).publicMessage).toMatch(/not valid JSON/);
      expect(refusal(body).publicMessage).not.toContain('secret');
    }
  });

  it('when it has more members than the limit', () => {
    const many = JSON.stringify(Object.fromEntries([...Array(1001).keys()].map((i) => [`k${i}`, 1])));
    expect(refusal(many).publicMessage).toContain('more than 1000 members');
  });

  it('never with anything but a 400 of ours, whatever the bytes', () => {
    const token = fc.constantFrom('{', '}', '[', ']', ',', ':', '"', '\\', '"a"', '1', 'true', ' ', '\\u0061', '\u0000', 'é');
    fc.assert(
      fc.property(fc.array(token, { maxLength: 30 }), (tokens) => {
        const text = `{${tokens.join('')}`;
        let valid = true;
        try {
          JSON.parse(text);
        } catch {
          valid = false;
        }
        if (!valid) expect(refusal(text).code).toBe('lethe/invalid_request');
      }),
      { numRuns: 2000 },
    );
  });
});
