import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SseSplitter, eventData } from './sse-framing.js';

function split(chunks: readonly Buffer[], maxEventBytes = 1 << 20): { events: Buffer[]; data: (string | null)[]; rest: Buffer } {
  const events: Buffer[] = [];
  const data: (string | null)[] = [];
  const splitter = new SseSplitter((buffer, start, end) => {
    events.push(buffer.subarray(start, end));
    data.push(eventData(buffer, start, end));
  }, maxEventBytes);
  for (const chunk of chunks) splitter.feed(chunk);
  return { events, data, rest: splitter.rest() };
}

function bytewise(text: string): Buffer[] {
  return [...Buffer.from(text)].map((byte) => Buffer.from([byte]));
}

const aLine = fc.constantFrom(
  'data: {"a":"é😀"}',
  'data:x',
  'data',
  ': comment',
  'event: error',
  'id: 7',
  'retry: 10',
  'data: [DONE]',
  'data:  two',
  'junk',
);
const anEvent = fc.array(aLine, { minLength: 1, maxLength: 4 });
const aLineEnd = fc.constantFrom('\n', '\r\n', '\r');

/** The data by the letter of the standard, from the lines that were put in. */
function expectedData(lines: readonly string[]): string | null {
  const values = lines.filter((l) => l === 'data' || l.startsWith('data:')).map((l) => l.slice(5).replace(/^ /, ''));
  return values.length > 0 ? values.join('\n') : null;
}

describe('a stream of server-sent events', () => {
  it('is cut into the same events however it was cut before and however its lines end', () => {
    fc.assert(
      fc.property(
        fc.array(anEvent, { maxLength: 6 }),
        aLineEnd,
        fc.boolean(),
        fc.array(fc.nat(400), { maxLength: 12 }),
        (events, end, bom, cuts) => {
          const text = (bom ? '\ufeff' : '') + events.map((lines) => `${lines.join(end)}${end}${end}`).join('');
          const bytes = Buffer.from(text);
          const points = [...new Set([0, ...cuts.filter((c) => c < bytes.length), bytes.length])].sort((a, b) => a - b);
          const chunks = points.slice(1).map((p, i) => bytes.subarray(points[i], p));
          for (const pieces of [[bytes], chunks, bytewise(text)]) {
            const result = split(pieces);
            expect(Buffer.concat([...result.events, result.rest]).equals(bytes)).toBe(true);
            // A CRLF cut in two leaves its LF as a piece of its own, which holds no data.
            const real = result.data.filter((_, i) => result.events[i]?.toString() !== '\n');
            expect(real).toEqual(events.map(expectedData));
          }
        },
      ),
      { numRuns: 500 },
    );
  });

  it('hands out an event that lies within one chunk without copying it', () => {
    const chunk = Buffer.from('data: 1\n\ndata: 2\n\ndata: 3');
    const { events, rest } = split([chunk]);
    expect(events.map((e) => e.buffer === chunk.buffer)).toEqual([true, true]);
    expect(rest.toString()).toBe('data: 3');
  });

  it('gives an event as soon as its blank line is there, a CR included, without waiting for what follows', () => {
    expect(split([Buffer.from('data: 1\r\n\r')]).data).toEqual(['1']);
    expect(split([Buffer.from('data: 1\r\r')]).data).toEqual(['1']);
  });

  it('refuses an event beyond the bound, also when it comes byte by byte', () => {
    const long = `data: ${'x'.repeat(2000)}`;
    expect(() => split([Buffer.from(long)], 1000)).toThrow('larger than the gateway accepts');
    expect(() => split(bytewise(long), 1000)).toThrow('larger than the gateway accepts');
  });

  it('takes 256 kB that come byte by byte in time that does not square', () => {
    const text = `data: ${'x'.repeat(1 << 18)}\n\n`;
    const { data } = split(bytewise(text), 1 << 22);
    expect(data[0]).toHaveLength(1 << 18);
  });
});
