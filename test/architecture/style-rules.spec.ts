import { describe, expect, it } from 'vitest';
import { moduleBreaches, pathBreaches, textBreaches } from '../../scripts/style-rules.ts';
import { PlantedProject } from './planted-project.js';

const rulesOfPath = (path: string): string[] => pathBreaches(path).map((each) => each.rule);
const rulesOfText = (path: string, text: string): string[] => textBreaches(path, text).map((each) => each.rule);

describe('names', () => {
  it.each(['utils', 'util', 'helpers', 'common', 'manager'])('nothing is called %s', (word) => {
    expect(rulesOfPath(`src/kernel/${word}/money.ts`)).toContain('forbidden-name');
    expect(rulesOfPath(`src/kernel/money-${word}.ts`)).toContain('forbidden-name');
    expect(rulesOfPath(`src/kernel/money.${word}.ts`)).toContain('forbidden-name');
  });

  it('a word that only contains one of them is fine', () => {
    expect(rulesOfPath('src/kernel/uncommon-utility.ts')).toEqual([]);
  });

  it.each(['src/kernel/Money.ts', 'src/kernel/money_bag.ts', 'src/kernel/money.service.ts', 'src/kernel/moneyBag.ts'])(
    '%s is no file name',
    (path) => {
      expect(rulesOfPath(path)).toContain('file-name');
    },
  );

  it.each([
    'src/kernel/money.ts',
    'src/modules/usage/data/ledger.db.spec.ts',
    'src/modules/usage/http/usage.controller.spec.ts',
    'test/e2e/gateway.chat-completions.e2e.spec.ts',
  ])('%s is one', (path) => {
    expect(rulesOfPath(path)).toEqual([]);
  });

  it('end-to-end tests live in test/e2e, and nothing else does', () => {
    expect(rulesOfPath('src/modules/usage/usage.e2e.spec.ts')).toEqual(['test-place']);
    expect(rulesOfPath('test/e2e/usage.spec.ts')).toEqual(['test-place']);
  });
});

describe('text', () => {
  it('a file that only re-exports is a barrel', () => {
    expect(rulesOfText('src/kernel/all.ts', "export * from './money.js';\nexport { isId } from './ids.js';\n")).toEqual(['barrel']);
    expect(rulesOfText('src/kernel/some.ts', "export { isId } from './ids.js';\nexport const one = 1;\n")).toEqual([]);
  });

  it.each(['Date.now()', 'new Date()'])('%s is read by the clock alone', (expression) => {
    const text = `// ${expression}\nexport const at = ${expression};\n`;
    expect(rulesOfText('src/modules/usage/core/settle.ts', text)).toEqual(['wall-clock']);
    expect(rulesOfText('src/kernel/clock.ts', text)).toEqual([]);
    expect(rulesOfText('src/modules/usage/core/settle.ts', 'export const at = new Date(0);\n')).toEqual([]);
  });

  it('a module raises no Nest exception', () => {
    const text = "import { Injectable, NotFoundException as Gone } from '@nestjs/common';\nexport const all = [Injectable, Gone];\n";
    expect(rulesOfText('src/modules/usage/core/find.ts', text)).toEqual(['nest-exception']);
    expect(rulesOfText('src/app/problem-filter.ts', text)).toEqual([]);
  });

  it.each(['call.cancel = () => call;', "call['cancel'] = function () {};"])(
    'no function is assigned to a property on the way of a call: %s',
    (line) => {
      const text = `export function take(call: { cancel: unknown }): void {\n  ${line}\n}\n`;
      expect(rulesOfText('src/modules/gateway/stages/take.ts', text)).toEqual(['property-function']);
      expect(rulesOfText('src/modules/tenants/core/take.ts', text)).toEqual([]);
    },
  );

  it('a function in an object or an argument is no such thing', () => {
    const text = 'export const take = (call: { wait: unknown }): void => {\n  call.wait = { cancel: () => call };\n};\n';
    expect(rulesOfText('src/modules/gateway/stages/take.ts', text)).toEqual([]);
  });

  it('a test mocks none of our own code', () => {
    expect(rulesOfText('src/kernel/money.spec.ts', "vi.mock('./ids.js');\n")).toEqual(['mocked-own-code']);
    expect(rulesOfText('src/kernel/money.spec.ts', "vi.mock('pg');\n")).toEqual([]);
  });
});

describe('modules', () => {
  const paths = ['src/modules/usage/usage.module.ts', 'src/modules/usage/core/settle.ts'];

  it('each has a README of one screen', () => {
    expect(moduleBreaches(paths, () => undefined)).toHaveLength(1);
    expect(moduleBreaches(paths, () => 'line\n'.repeat(81))).toHaveLength(1);
    expect(moduleBreaches(paths, () => 'line\n'.repeat(80))).toEqual([]);
  });
});

it('the style check fails on planted violations and names each rule', () => {
  using project = new PlantedProject(
    {
      'src/modules/usage/core/usage-utils.ts': 'export const at = Date.now();\n',
      'src/modules/usage/core/settle.ts': 'export const settle = (call: { done: unknown }) => {\n  call.done = () => call;\n};\n',
      'src/modules/usage/usage.service.ts':
        "import { ConflictException } from '@nestjs/common';\nexport const thing = ConflictException;\n",
      'src/kernel/all.ts': "export * from './money.js';\n",
      'src/kernel/money.spec.ts': "vi.mock('./ids.js');\n",
      'src/kernel/money.e2e.spec.ts': 'export {};\n',
    },
    [],
  );
  const { exitCode, output } = project.run('node', `${process.cwd()}/scripts/check-style.ts`, '.');
  const rules = output
    .trim()
    .split('\n')
    .map((line) => line.slice(0, line.indexOf(':')));
  const every = [
    'barrel',
    'file-name',
    'forbidden-name',
    'mocked-own-code',
    'module-readme',
    'nest-exception',
    'property-function',
    'test-place',
    'wall-clock',
  ];
  expect(rules.toSorted()).toEqual(every);
  expect(exitCode).toBe(1);
});
