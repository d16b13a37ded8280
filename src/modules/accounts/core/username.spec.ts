import { describe, expect, it } from 'vitest';
import { readUsername } from './username.js';

describe('readUsername', () => {
  it.each([
    ['Kim', 'kim'],
    ['kim.lee-01_x', 'kim.lee-01_x'],
    ['\uFF2Bim', 'kim'],
    ['\u0418\u0432\u0430\u043d', '\u0438\u0432\u0430\u043d'],
  ])('compares %j as %j', (text, normal) => expect(readUsername(text)).toMatchObject({ normal }));

  it.each([
    '',
    'ab',
    'a'.repeat(41),
    'kim@example.com',
    '.kim',
    'kim.',
    'k..im',
    'k im',
    'kim\u200b',
    'k\u0456m',
    'kim/..',
    '<kim>',
    '\u0301im',
  ])('refuses %j', (text) => expect(readUsername(text)).toEqual({ problem: expect.any(String) }));
});
