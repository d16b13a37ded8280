import { describe, expect, it } from 'vitest';
import { oversizes, ratchetFailures } from '../../scripts/size-rules.ts';
import { PlantedProject } from './planted-project.js';

const lines = (count: number): string => 'export {};\n'.repeat(count);
const longFunction = (body: number): string => `export function long(): void {\n${'  void 0;\n'.repeat(body)}}\n`;

describe('sizes', () => {
  it('a file may have 400 lines and not 401', () => {
    expect(oversizes('a.ts', lines(400))).toEqual([]);
    expect(oversizes('a.ts', lines(401))).toEqual([{ measure: 'fileLines', where: 'a.ts', size: 401 }]);
  });

  it('a function may have 70 lines and not 71', () => {
    expect(oversizes('a.ts', longFunction(68))).toEqual([]);
    expect(oversizes('a.ts', longFunction(69))).toEqual([{ measure: 'functionLines', where: 'a.ts#long', size: 71 }]);
  });

  it('a method, a constructor and an arrow function may have 4 parameters and not 5', () => {
    const five = '(a: 1, b: 1, c: 1, d: 1, e: 1)';
    const text = `export class K {\n  constructor${five} {}\n  m${five}: void {}\n}\nexport const f = ${five}: void => {};\n`;
    expect(oversizes('a.ts', text.replaceAll(', e: 1', ''))).toEqual([]);
    expect(oversizes('a.ts', text).map((each) => each.where)).toEqual(['a.ts#K.constructor', 'a.ts#K.m', 'a.ts#f']);
  });

  it('a describe block may be as long as its tests need', () => {
    expect(oversizes('a.spec.ts', `describe('a', () => {\n${'  void 0;\n'.repeat(80)}});\n`)).toEqual([]);
  });
});

describe('the ratchet', () => {
  const found = [{ measure: 'fileLines', where: 'a.ts', size: 450 }] as const;

  it('lets an exception be exactly as large as it was written down', () => {
    expect(ratchetFailures(found, { fileLines: { 'a.ts': 450 } })).toEqual([]);
  });

  it('has one entry for functions that share a name, and it holds the largest', () => {
    const twins = [5, 6, 6].map((size) => ({ measure: 'parameters', where: 'a.ts#useFactory', size }) as const);
    expect(ratchetFailures(twins, { parameters: { 'a.ts#useFactory': 6 } })).toEqual([]);
    expect(ratchetFailures(twins, { parameters: { 'a.ts#useFactory': 5 } })).toHaveLength(1);
  });

  it.each([
    ['is missing', {}, 'the limit is 400'],
    ['is exceeded', { fileLines: { 'a.ts': 449 } }, 'grew from 449 to 450'],
    ['is too generous', { fileLines: { 'a.ts': 451 } }, 'shrank to 450'],
    ['is no longer needed', { fileLines: { 'a.ts': 450, 'b.ts': 500 } }, 'remove it from ratchet.json'],
  ])('fails when an entry %s', (_, ratchet, message) => {
    expect(ratchetFailures(found, ratchet)).toEqual([expect.stringContaining(message)]);
  });

  it('fails the check on a planted violation', () => {
    using project = new PlantedProject({ 'src/kernel/long.ts': lines(401), 'ratchet.json': '{}' }, []);
    const { exitCode, output } = project.run('node', `${process.cwd()}/scripts/check-sizes.ts`, '.');
    expect(output).toBe('fileLines: src/kernel/long.ts has 401, the limit is 400\n');
    expect(exitCode).toBe(1);
  });
});
