import { describe, expect, it } from 'vitest';
import { AppError, declaredErrors, errorCatalogue, errorCode, failureName, invalidRequest, kernelErrors } from './errors.js';

describe('AppError', () => {
  const catalogue = errorCatalogue('spec_errors', {
    teapot: { status: 418, message: 'Short and stout.' },
    brewing: { status: 503, message: 'Wait.' },
  });

  it('keeps apart the code for programs, the sentence for the caller and the cause for the log', () => {
    const cause = new Error('connection to 10.0.0.7 refused');
    const error = catalogue.teapot({ details: { cups: 2 }, cause });
    expect(error).toBeInstanceOf(AppError);
    expect(error).toMatchObject({
      code: 'spec_errors/teapot',
      status: 418,
      publicMessage: 'Short and stout.',
      details: { cups: 2 },
      cause,
    });
    expect(error.message).not.toContain('10.0.0.7');
    expect(JSON.stringify(error)).not.toContain('10.0.0.7');
  });

  it('says its own sentence when one is given, under the same code and status', () => {
    expect(catalogue.brewing({ message: 'Four minutes left.' })).toMatchObject({ status: 503, publicMessage: 'Four minutes left.' });
  });

  it('lists every declared error, sorted by code', () => {
    const codes = declaredErrors().map((error) => error.code);
    expect(codes).toEqual(expect.arrayContaining(['lethe/internal', 'spec_errors/brewing', 'spec_errors/teapot']));
    expect(codes).toEqual([...codes].sort());
  });

  it('names every wrong field of a request, and the first of them in its sentence', () => {
    const errors = [
      { field: 'targets[0].model', message: 'must not be empty' },
      { field: 'name', message: 'is too long' },
    ];
    expect(invalidRequest(errors)).toMatchObject({
      code: 'lethe/invalid_request',
      publicMessage: 'targets[0].model: must not be empty',
      details: { errors },
    });
    expect(invalidRequest([]).publicMessage).toBe(kernelErrors.invalid_request().publicMessage);
  });
});

describe('what may be said of any failure', () => {
  const named = Object.assign(new RangeError('the key was sk-1'), { code: 34 });
  it.each([
    ['a system call’s', Object.assign(new Error('open /secret'), { code: 'ENOENT' }), 'ENOENT', 'ENOENT'],
    ['one of our own', kernelErrors.conflict(), 'lethe/conflict', 'lethe/conflict'],
    ['one whose code is no text', named, undefined, 'RangeError'],
    ['one whose code is empty', Object.assign(new TypeError(''), { code: '' }), '', 'TypeError'],
    ['what is no error', { code: 'ENOENT' }, undefined, 'object'],
  ])('is its code, else the name of its class: %s', (_what, error, code, name) => {
    expect([errorCode(error), failureName(error)]).toEqual([code, name]);
  });
});
