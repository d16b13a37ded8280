import { describe, expect, it } from 'vitest';
import { kernelErrors } from '../kernel/errors.js';
import { sentenceOf } from './sentence.js';

describe('sentenceOf', () => {
  it('shows what the caller may read of an error of ours, and not its cause', () => {
    const failure = kernelErrors.conflict({ message: 'It is there already.', cause: new Error('row 12 of a secret table') });
    expect(sentenceOf(failure)).toBe('It is there already.');
  });

  it('names the code of a system error that has no message, as connecting to several addresses gives', () => {
    expect(sentenceOf(Object.assign(new AggregateError([]), { code: 'ECONNREFUSED' }))).toBe('ECONNREFUSED');
    expect(sentenceOf(Object.assign(new Error('no route'), { code: 'EHOSTUNREACH' }))).toBe('no route (EHOSTUNREACH)');
  });

  it('never shows a stack', () => {
    expect(sentenceOf(new TypeError('x is not a function'))).toBe('x is not a function');
    expect(sentenceOf({ secret: 'sk-live' })).toBe('something unexpected was thrown');
  });
});
