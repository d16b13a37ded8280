import { readFileSync } from 'node:fs';
import { afterAll, describe, expect, it } from 'vitest';
import { PlantedProject } from './planted-project.js';

interface LintConfiguration {
  readonly rules: Readonly<Record<string, unknown>>;
  readonly overrides: readonly { readonly rules: Readonly<Record<string, unknown>> }[];
}

interface LintReport {
  readonly diagnostics: readonly { readonly code: string; readonly filename: string }[];
}

const CONFIGURATION = '.oxlintrc.json';

/** Rule, as our configuration names it → a file that breaks it. Its path matters: some rules are off in some rooms. */
const planted: Record<string, readonly [path: string, text: string]> = {
  eqeqeq: ['src/kernel/loose.ts', 'export const same = (a: string, b: string): boolean => a == b;\n'],
  'no-console': ['src/app/chatty.ts', "console.log('a prompt');\n"],
  'no-var': ['src/kernel/old.ts', 'export function f(): number {\n  var one = 1;\n  return one;\n}\n'],
  'prefer-const': ['src/kernel/restless.ts', 'export function f(): number {\n  let one = 1;\n  return one;\n}\n'],
  'max-depth': [
    'src/kernel/deep.ts',
    'export function f(a: boolean): number {\n  if (a) {\n    if (a) {\n      if (a) {\n        if (a) {\n          if (a) return 1;\n        }\n      }\n    }\n  }\n  return 0;\n}\n',
  ],
  'import/no-cycle': ['src/kernel/hen.ts', "import { egg } from './egg.js';\nexport const hen = (): unknown => egg;\n"],
  'import/no-default-export': ['src/kernel/nameless.ts', 'export default function (): number {\n  return 1;\n}\n'],
  'import/no-duplicates': [
    'src/kernel/twice.ts',
    "import { a } from './pair.js';\nimport { b } from './pair.js';\nexport const sum = a + b;\n",
  ],
  'node/no-process-env': ['src/app/sneaky.ts', "export const secret = process.env['SECRET'];\n"],
  'promise/no-multiple-resolved': [
    'src/app/twice-settled.ts',
    'export const p = new Promise<void>((resolve, reject) => {\n  resolve();\n  reject(new Error());\n});\n',
  ],
  'unicorn/prefer-node-protocol': ['src/app/plain-path.ts', "import { join } from 'path';\nexport const path = join('a', 'b');\n"],
  'typescript/await-thenable': ['src/app/idle.ts', 'export async function f(): Promise<void> {\n  await 1;\n}\n'],
  'typescript/no-explicit-any': ['src/app/shrug.ts', 'export const thing: any = 1;\n'],
  'typescript/no-floating-promises': [
    'src/app/floating.ts',
    'async function later(): Promise<void> {}\nexport function f(): void {\n  later();\n}\n',
  ],
  'typescript/no-import-type-side-effects': [
    'src/kernel/loads-after-all.ts',
    "import { type One } from './correct.js';\nexport const same = (one: One): One => one;\n",
  ],
  'typescript/no-misused-promises': [
    'src/app/always-true.ts',
    'export function f(p: Promise<boolean>): number {\n  return p ? 1 : 2;\n}\n',
  ],
  'typescript/no-non-null-assertion': ['src/app/trusting.ts', 'export const first = (all: string[]): string => all[0]!;\n'],
  'typescript/only-throw-error': ['src/app/thrower.ts', "export function f(): never {\n  throw 'no';\n}\n"],
  'typescript/prefer-promise-reject-errors': ['src/app/rejecter.ts', "export const p = Promise.reject('no');\n"],
  'typescript/switch-exhaustiveness-check': [
    'src/app/forgetful.ts',
    "export function f(kind: 'a' | 'b'): number {\n  switch (kind) {\n    case 'a':\n      return 1;\n  }\n  return 2;\n}\n",
  ],
  'vitest/valid-expect': ['src/app/unchecked.spec.ts', "import { expect } from 'vitest';\nexpect(1, 'one', 'two').toBe(1);\n"],
  'vitest/no-focused-tests': ['src/app/only.spec.ts', "import { it } from 'vitest';\nit.only('alone', () => {});\n"],
};

function enabledRules(): string[] {
  const { rules, overrides } = JSON.parse(readFileSync(CONFIGURATION, 'utf8')) as LintConfiguration;
  const entries = [rules, ...overrides.map((each) => each.rules)].flatMap((each) => Object.entries(each));
  return [...new Set(entries.filter(([, setting]) => setting !== 'off').map(([rule]) => rule))];
}

/** oxlint writes `typescript-eslint(no-explicit-any)` or `eslint-plugin-import(no-cycle)`: the name in brackets is what counts. */
const bare = (rule: string): string => rule.slice(rule.indexOf('/') + 1);

describe('the lint rules', () => {
  const project = new PlantedProject(
    {
      ...Object.fromEntries(Object.values(planted)),
      'src/kernel/egg.ts': "import { hen } from './hen.js';\nexport const egg = (): unknown => hen;\n",
      'src/kernel/pair.ts': 'export const a = 1;\nexport const b = 2;\n',
      'src/kernel/correct.ts': 'export const one: number = 1;\nexport type One = typeof one;\n',
    },
    [CONFIGURATION, 'tsconfig.json', 'package.json'],
  );
  const { stdout, exitCode } = project.run('oxlint', '--disable-nested-config', '--format', 'json', 'src');
  const { diagnostics } = JSON.parse(stdout) as LintReport;
  afterAll(() => project[Symbol.dispose]());

  it('have a planted violation each', () => {
    expect(Object.keys(planted).toSorted()).toEqual(enabledRules().toSorted());
  });

  it.each(Object.entries(planted))('%s: the planted violation is caught', (rule, [path]) => {
    const codes = diagnostics.filter((each) => each.filename.endsWith(path)).map((each) => each.code);
    expect(codes.map((code) => /\(([^)]+)\)/.exec(code)?.[1])).toContain(bare(rule));
  });

  it('fail the run, and leave correct code alone', () => {
    expect(exitCode).toBe(1);
    expect(diagnostics.filter((each) => each.filename.endsWith('correct.ts'))).toEqual([]);
  });
});
