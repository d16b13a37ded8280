import { describe, expect, it } from 'vitest';
import { BoundedCapture, ContentRoom } from './bounded-capture.js';

const ROOM = 1_000;
const LARGE_FROM = 100;

describe('the memory that content may take', () => {
  it('is all there for many small calls', () => {
    const room = new ContentRoom(ROOM, LARGE_FROM);
    const taken = Array.from({ length: 12 }, () => room.take(100));
    expect(taken.filter(Boolean)).toHaveLength(10);
    expect(room.isFull).toBe(true);
  });

  it('is half for what large calls have past the size at which they are large', () => {
    const room = new ContentRoom(ROOM, LARGE_FROM);
    expect([room.take(600), room.take(101), room.take(100)]).toEqual([true, false, true]);
    room.giveBack(600);
    expect(room.take(600)).toBe(true);
  });

  it('counts a call that grows as one, and gives all of it back', () => {
    const room = new ContentRoom(ROOM, LARGE_FROM);
    const captures = [new BoundedCapture(room, 400), new BoundedCapture(room, 400)];
    for (const capture of captures) for (let piece = 0; piece < 10; piece += 1) capture.add(Buffer.alloc(50));
    const sizes = captures.map(({ pieces }) => Buffer.concat(pieces).length);
    // 300 past the size, and then the other 200 of the half.
    expect(sizes).toEqual([400, 300]);
    expect(captures.map(({ isCut }) => isCut)).toEqual([true, true]);
    for (const capture of captures) capture.release();
    expect(room.take(600)).toBe(true);
  });
});
