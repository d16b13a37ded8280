import { createInterface } from 'node:readline';
import { Writable } from 'node:stream';
import { Injectable } from '@nestjs/common';
import { UsageError } from './exit-codes.js';

/** A row of a table, by the title of its column. */
export type Row = Readonly<Record<string, string | number>>;

/** More than any provider's key, and little enough to be a mistake when it is more. */
const SECRET_MAX_BYTES = 64 * 1024;

/** Standard output for results, standard error for everything a person should read beside them. */
@Injectable()
export class Terminal {
  print(text: string): void {
    process.stdout.write(`${text}\n`);
  }

  /** For a person; never part of the result a script reads. */
  note(text: string): void {
    process.stderr.write(`${text}\n`);
  }

  /** The result, as one JSON document with `--json`, else as text. */
  result(json: boolean | undefined, value: unknown, text: () => string): void {
    this.print(json === true ? JSON.stringify(value, null, 2) : text());
  }

  /**
   * A secret from standard input, or typed without an echo when that is a terminal. Never from the arguments, which every user of the
   * machine can read in the process list (K2).
   */
  async readSecret(question: string): Promise<string> {
    const secret = process.stdin.isTTY ? await typedSecret(question) : await pipedSecret();
    if (secret === '') throw new UsageError('The secret is empty: pipe it in, or name a file with --secret-file');
    return secret;
  }
}

/** Columns in the order of the first row's keys. */
export function table(rows: readonly Row[], none: string): string {
  const [first] = rows;
  if (!first) return none;
  const titles = Object.keys(first);
  const cells = [titles, ...rows.map((row) => titles.map((title) => String(row[title] ?? '')))];
  const widths = titles.map((_, column) => Math.max(...cells.map((line) => line[column]?.length ?? 0)));
  return cells
    .map((line) =>
      line
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

async function pipedSecret(): Promise<string> {
  const pieces: Buffer[] = [];
  let bytes = 0;
  for await (const piece of process.stdin as AsyncIterable<Buffer>) {
    bytes += piece.length;
    if (bytes > SECRET_MAX_BYTES) throw new UsageError('The secret is far too long: is it the right file?');
    pieces.push(piece);
  }
  return Buffer.concat(pieces).toString('utf8').trim();
}

function typedSecret(question: string): Promise<string> {
  process.stderr.write(`${question} (not shown): `);
  const silence = new Writable({ write: (_chunk, _encoding, done) => done() });
  const reader = createInterface({ input: process.stdin, output: silence, terminal: true });
  return new Promise((resolve) => {
    let typed = '';
    reader.once('line', (line) => {
      typed = line.trim();
      reader.close();
    });
    reader.once('close', () => {
      process.stderr.write('\n');
      resolve(typed);
    });
  });
}
