import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join, resolve } from 'node:path';

/** What a tool said about a planted project. */
export interface Report {
  readonly exitCode: number | null;
  /** Standard output alone, for reports that are JSON. */
  readonly stdout: string;
  readonly output: string;
}

/**
 * A small project in a temporary folder, with the real configuration of every tool and files that break its rules. It proves
 * that a tool still sees what it is there for: one with a broken configuration passes everything in silence.
 */
export class PlantedProject implements Disposable {
  readonly root = realpathSync(mkdtempSync(join(tmpdir(), 'lethe-planted-')));

  constructor(files: Readonly<Record<string, string>>, configurations: readonly string[]) {
    for (const path of configurations) this.copy(path);
    for (const [path, text] of Object.entries(files)) this.write(path, text);
    symlinkSync(resolve('node_modules'), join(this.root, 'node_modules'));
  }

  /** Runs a tool of node_modules/.bin, or `node` with one of our scripts, inside the planted project. */
  run(tool: string, ...args: string[]): Report {
    const path = `${resolve('node_modules/.bin')}${delimiter}${process.env['PATH'] ?? ''}`;
    const { status, stdout, stderr } = spawnSync(tool, args, {
      cwd: this.root,
      encoding: 'utf8',
      env: { ...process.env, PATH: path, NO_COLOR: '1' },
    });
    return { exitCode: status, stdout, output: stdout + stderr };
  }

  write(path: string, text: string): void {
    mkdirSync(dirname(join(this.root, path)), { recursive: true });
    writeFileSync(join(this.root, path), text);
  }

  [Symbol.dispose](): void {
    rmSync(this.root, { recursive: true, force: true });
  }

  private copy(path: string): void {
    mkdirSync(dirname(join(this.root, path)), { recursive: true });
    copyFileSync(path, join(this.root, path));
  }
}
