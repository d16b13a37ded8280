import { describe, expect, it } from 'vitest';
import { GENERATED, staleFiles } from '../../scripts/generated-files.ts';
import { type Lockfile, lockfileHoles, undecidedScripts, withoutHoles } from '../../scripts/lockfile-rules.ts';
import { PlantedProject } from './planted-project.js';

describe('the type check', () => {
  it('sees a type error, an unused local, an unchecked index and a missing override', () => {
    using project = new PlantedProject(
      {
        'src/wrong.ts': "export const one: number = 'one';\n",
        'src/unused.ts': 'export function f(): void {\n  const left = 1;\n}\n',
        'src/index-access.ts': 'export const first = (all: string[]): string => all[0];\n',
        'src/override.ts': 'class A {\n  m(): void {}\n}\nexport class B extends A {\n  m(): void {}\n}\n',
      },
      ['tsconfig.json', 'package.json'],
    );
    const { exitCode, output } = project.run('tsc', '--noEmit', '-p', '.');
    expect(exitCode).not.toBe(0);
    expect(output.match(/TS\d+/g)?.toSorted()).toEqual(['TS2322', 'TS2322', 'TS4114', 'TS6133']);
  });
});

describe('the formatter', () => {
  it('refuses double quotes, a wrong indent and a line of 141 columns, and accepts what it wrote itself', () => {
    using project = new PlantedProject(
      {
        'src/quotes.ts': 'export const a = "a";\n',
        'src/indent.ts': 'export function f(): number {\n    return 1;\n}\n',
        'src/wide.ts': `export const wide = [${"'aaaaaaaaaa', ".repeat(9)}'bbb'];\n`,
        'src/good.ts': "export const a = 'a';\n",
      },
      ['biome.json'],
    );
    const { exitCode, output } = project.run('biome', 'format');
    expect(exitCode).toBe(1);
    for (const file of ['quotes', 'indent', 'wide']) expect(output).toContain(`src/${file}.ts format`);
    expect(output).not.toContain('good.ts');

    expect(project.run('biome', 'format', '--write').exitCode).toBe(0);
    expect(project.run('biome', 'format').exitCode).toBe(0);
  });
});

describe('knip', () => {
  it('sees a dead file, a dead export, a dead dependency and an undeclared one', () => {
    using project = new PlantedProject(
      {
        'src/main.ts': "import 'acorn';\nimport { used } from './parts.js';\nused();\n",
        'src/parts.ts': 'export function used(): void {}\nexport function forgotten(): void {}\n',
        'src/orphan.ts': 'export const alone = 1;\n',
        'package.json': JSON.stringify({ name: 'planted', type: 'module', dependencies: { 'class-validator': '*' } }),
      },
      ['knip.jsonc', 'tsconfig.json'],
    );
    const { exitCode, output } = project.run('knip', '--no-progress', '--reporter', 'compact');
    expect(exitCode).toBe(1);
    expect(output).toMatch(/Unused files[^]*src\/orphan\.ts/);
    expect(output).toMatch(/Unused exports[^]*forgotten/);
    expect(output).toMatch(/Unused dependencies[^]*class-validator/);
    expect(output).toMatch(/Unlisted dependencies[^]*acorn/);
  });
});

describe('the lockfile check', () => {
  const lock: Lockfile = {
    packages: {
      '': { optionalDependencies: { own: '1.0.0' } },
      'node_modules/fast': {
        version: '2.0.0',
        dev: true,
        license: 'MIT',
        optionalDependencies: { '@fast/linux-arm64-musl': '2.0.0', '@fast/win32-x64': '2.0.0' },
      },
      'node_modules/@fast/win32-x64': { version: '2.0.0', optional: true },
      'node_modules/native': { version: '1.0.0', hasInstallScript: true },
      'node_modules/a/node_modules/@deep/native': { version: '1.0.0', hasInstallScript: true },
    },
  };

  it('names every install script nobody has decided on', () => {
    expect(undecidedScripts({}, lock)).toEqual(['native', '@deep/native']);
    expect(undecidedScripts({ allowScripts: { native: false, '@deep/native': true } }, lock)).toEqual([]);
  });

  it('finds a platform that is missing from the lock, and can fill the hole', () => {
    const holes = lockfileHoles(lock);
    const entry = { version: '2.0.0', cpu: ['arm64'], dev: true, libc: ['musl'], license: 'MIT', optional: true, os: ['linux'] };
    expect(holes).toEqual([{ name: '@fast/linux-arm64-musl', entry }]);
    expect(lockfileHoles(withoutHoles(lock, holes))).toEqual([]);
  });

  it('fails on a planted violation', () => {
    using project = new PlantedProject({ 'package.json': '{}', 'package-lock.json': JSON.stringify(lock) }, []);
    const check = [`${process.cwd()}/scripts/check-lockfile.ts`];
    const { exitCode, output } = project.run('node', ...check);
    expect(output).toContain('install-script: native');
    expect(output).toContain('lockfile-hole: @fast/linux-arm64-musl');
    expect(exitCode).toBe(1);

    project.run('node', ...check, '--fix');
    expect(project.run('node', ...check).output).not.toContain('lockfile-hole');
  });
});

describe('the generated files', () => {
  it('are stale when absent, when edited by hand, and when the generator no longer writes them', () => {
    const [first, second, third, ...rest] = GENERATED;
    const fresh = (path: string): string | undefined => (path === third ? undefined : 'fresh');
    const committed = (path: string): string | undefined => (path === first ? undefined : path === second ? 'edited' : 'fresh');
    expect(rest.length).toBeGreaterThan(0);
    expect(staleFiles(committed, fresh)).toEqual([first, second, third]);
  });
});

describe('the OpenAPI check', () => {
  it('refuses a path parameter nobody declared', () => {
    const document = {
      openapi: '3.1.0',
      info: { title: 'planted', version: '1' },
      paths: { '/keys/{id}': { get: { responses: { 200: { description: 'one key' } } } } },
    };
    using project = new PlantedProject({ 'openapi.json': JSON.stringify(document) }, ['redocly.yaml']);
    const { exitCode, output } = project.run('redocly', 'lint', 'openapi.json', '--format', 'stylish');
    expect(output).toContain('path-parameters-defined');
    expect(exitCode).toBe(1);
  });
});

describe('npm run prepare', () => {
  it('has nothing to build, and does not fail, where only the package files are (a layer of an image)', () => {
    using project = new PlantedProject({}, ['package.json', 'scripts/prepare.mjs']);
    const { exitCode, output } = project.run('node', 'scripts/prepare.mjs');
    expect(output).toContain('nothing to build');
    expect(exitCode).toBe(0);
  });
});
