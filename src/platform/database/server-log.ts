import { createReadStream } from 'node:fs';
import { rm, stat, truncate } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { errorCode } from '../../kernel/errors.js';

/** What a server begins its lines with: the time in UTC, as `log_line_prefix` and `log_timezone` of the built-in one say. */
const LINE = /^(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d(?:\.\d+)?) UTC /;

/** A file of the log. */
export interface LogFile {
  readonly path: string;
  readonly bytes: number;
  /** When its oldest line was written. */
  readonly since: Date;
}

/** The log of the built-in PostgreSQL server: the file it appends to, and the one before, which a start has put aside. */
export class ServerLog {
  constructor(private readonly path: string) {}

  /** The files there are; an empty one is none. */
  async files(): Promise<LogFile[]> {
    const files = await Promise.all([this.path, `${this.path}.1`].map((path) => read(path)));
    return files.filter((file) => file !== null);
  }

  /** Empties the file the server has open, which it goes on appending to, and removes the one before. */
  async discard({ path }: LogFile): Promise<void> {
    if (path === this.path) await truncate(path);
    else await rm(path, { force: true });
  }
}

async function read(path: string): Promise<LogFile | null> {
  try {
    const { size, mtime } = await stat(path);
    return size === 0 ? null : { path, bytes: size, since: (await firstMoment(path)) ?? mtime };
  } catch (error) {
    // The log is the operator's to move away.
    if (errorCode(error) === 'ENOENT') return null;
    throw error;
  }
}

/** Of the first line that says when it was written. */
async function firstMoment(path: string): Promise<Date | null> {
  const stream = createReadStream(path, { encoding: 'utf8' });
  try {
    for await (const line of createInterface({ input: stream })) {
      const [, day, time] = LINE.exec(line) ?? [];
      if (day !== undefined) return new Date(`${day}T${time}Z`);
    }
    return null;
  } finally {
    stream.destroy();
  }
}
