import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'vitest';

const PROGRAM = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));

/** What a command left behind. */
export interface Outcome {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Invocation {
  readonly env?: Readonly<Record<string, string>>;
  readonly stdin?: string;
}

/** The built command line in a folder of its own, run as a shell would, with nothing of this process's environment but the PATH and where compiled code is kept. */
export class CommandLine {
  readonly folder = mkdtempSync(join(tmpdir(), 'lethe-cli-'));

  /** `env` stands in the environment of every command. */
  constructor(private readonly env: Readonly<Record<string, string>> = {}) {}

  /** Where commands keep their data unless told otherwise. */
  get dataFolder(): string {
    return join(this.folder, 'data');
  }

  run(args: readonly string[], { env = {}, stdin = '' }: Invocation = {}): Promise<Outcome> {
    const { PATH, NODE_COMPILE_CACHE } = process.env;
    const child = spawn(process.execPath, [PROGRAM, ...args], {
      cwd: this.folder,
      env: { PATH, ...(NODE_COMPILE_CACHE ? { NODE_COMPILE_CACHE } : {}), LETHE_DATA_DIR: this.dataFolder, ...this.env, ...env },
    });
    const said = { stdout: '', stderr: '' };
    child.stdout.on('data', (piece: Buffer) => void (said.stdout += piece.toString()));
    child.stderr.on('data', (piece: Buffer) => void (said.stderr += piece.toString()));
    child.stdin.end(stdin);
    return new Promise((resolve, reject) => {
      child.once('error', reject);
      child.once('close', (code) => resolve({ code, ...said }));
    });
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** A failure as one sentence for the operator: a single line on standard error, and no stack. */
export function expectSentence({ code, stderr }: Outcome, ...parts: string[]): void {
  expect(stderr.trimEnd().split('\n')).toHaveLength(1);
  for (const part of ['lethe: ', ...parts]) expect(stderr).toContain(part);
  expect(stderr).not.toContain('    at ');
  expect(code).toBe(1);
}
