import { existsSync, mkdirSync, readdirSync, statSync } from 'node:fs';
import { type FileHandle, mkdir, open, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { syncFolder } from '../../../platform/files/sync-folder.js';
import type { IntentRow, RecordRow } from './call-rows.js';

/** One ledger entry on disk. */
export type JournalEntry = { readonly intent: IntentRow } | { readonly record: RecordRow };

/** A closed part of the journal, on its way to Postgres. */
export interface JournalSegment {
  readonly entries: readonly JournalEntry[];
  /** Lines that are no entry. One at the end is an append that a crash cut short and nobody was told of; any other is damage. */
  readonly damagedLines: number;
  /** Whether no other segment was waiting when this one was taken. */
  readonly isLast: boolean;
  /** Deletes it, once all of it is in Postgres. */
  remove(): Promise<void>;
}

interface OpenSegment {
  readonly path: string;
  readonly file: FileHandle;
  bytes: number;
}

interface ClosedSegment {
  readonly path: string;
  readonly bytes: number;
}

export const SEGMENT = /^\d{10}\.jsonl$/;
/** Entries that were set aside, by the day they expire on. */
export const REJECTED = /^rejected-(\d{4}-\d\d-\d\d)\.jsonl$/;
/** Ends the name of a folder that is being removed. */
export const GONE = '.gone';
/** A segment is read whole when it is replayed, some of them while calls wait: some hundred entries, one commit, keep that short. */
const SEGMENT_BYTES = 262_144;

/**
 * The local journal that takes ledger entries while Postgres is away: JSON lines of metadata only, fsynced before anyone is told
 * they are safe. It is kept in segments, so that what was replayed can be deleted while more arrives. An append that fails leaves nothing
 * behind; what a crash left of one is passed over.
 */
export class Journal {
  private sequence = 0;
  private current: OpenSegment | null = null;
  private readonly closed: ClosedSegment[] = [];
  private lastAppend: Promise<void> = Promise.resolve();

  constructor(private readonly directory: string) {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    const names = readdirSync(directory).filter((name) => SEGMENT.test(name));
    for (const name of names.sort()) {
      const path = join(directory, name);
      this.closed.push({ path, bytes: statSync(path).size });
      this.sequence = Number(name.slice(0, 10));
    }
  }

  /** Bytes on disk, replayed segments excluded. */
  get bytes(): number {
    return this.closed.reduce((sum, segment) => sum + segment.bytes, this.current?.bytes ?? 0);
  }

  /** Makes the entries durable, all of them or none. Appends follow one another. */
  append(entries: readonly JournalEntry[]): Promise<void> {
    const done = this.lastAppend.then(() => this.appendNow(entries));
    this.lastAppend = done.catch(() => undefined);
    return done;
  }

  /** Keeps an entry that Postgres will never take, for a person to look at until it expires: `rejected-<day>.jsonl` in the same folder. */
  async setAside(entry: JournalEntry): Promise<void> {
    await mkdir(this.directory, { recursive: true, mode: 0o700 });
    const { expires_on: day } = rowOf(entry);
    const file = await open(join(this.directory, `rejected-${day}.jsonl`), 'a', 0o600);
    try {
      await file.appendFile(linesOf([entry]));
      await file.sync();
    } finally {
      await file.close();
    }
  }

  /** Closes the segment being written and hands out the oldest one there is, to be replayed and then removed. Null when there is none. */
  async takeOldest(): Promise<JournalSegment | null> {
    await this.closeSegment();
    const [oldest] = this.closed;
    if (!oldest) return null;
    const { entries, damagedLines } = parseLines(await readFile(oldest.path, 'utf8'));
    return {
      entries,
      damagedLines,
      isLast: this.closed.length === 1,
      remove: async () => {
        await rm(oldest.path, { force: true });
        this.closed.splice(this.closed.indexOf(oldest), 1);
      },
    };
  }

  /** Removes the folder of a journal that is drained, unless it holds entries that were set aside. */
  async removeIfDrained(): Promise<void> {
    await this.closeSegment();
    if (!existsSync(this.directory)) return;
    if (holdsEntries(this.directory)) return;
    // Under another name first: a process that starts at this moment may be putting its claim into it.
    const gone = `${this.directory}.${process.pid}${GONE}`;
    await rename(this.directory, gone);
    await rm(gone, { recursive: true, force: true, maxRetries: 3, retryDelay: 20 });
  }

  private async appendNow(entries: readonly JournalEntry[]): Promise<void> {
    const data = Buffer.from(linesOf(entries));
    const segment = this.current ?? (await this.openSegment());
    try {
      await segment.file.appendFile(data);
      await segment.file.datasync();
    } catch (error) {
      await this.giveUpOn(segment);
      throw error;
    }
    segment.bytes += data.length;
    if (segment.bytes >= SEGMENT_BYTES) await this.closeSegment();
  }

  /** Cuts off what a failed append left. A failed fsync leaves the file in doubt, so it takes no more. */
  private async giveUpOn(segment: OpenSegment): Promise<void> {
    await segment.file.truncate(segment.bytes).catch(() => undefined);
    await this.closeSegment();
  }

  private async openSegment(): Promise<OpenSegment> {
    this.sequence += 1;
    await mkdir(this.directory, { recursive: true, mode: 0o700 });
    const path = join(this.directory, `${String(this.sequence).padStart(10, '0')}.jsonl`);
    const file = await open(path, 'ax', 0o600);
    this.current = { path, file, bytes: 0 };
    try {
      // The name itself must survive a power cut too.
      await syncFolder(this.directory);
    } catch (error) {
      await this.closeSegment();
      throw error;
    }
    return this.current;
  }

  private async closeSegment(): Promise<void> {
    const segment = this.current;
    if (!segment) return;
    this.current = null;
    this.closed.push({ path: segment.path, bytes: segment.bytes });
    await segment.file.close().catch(() => undefined);
  }
}

/** Whether anything lies in the folder of a journal, to be replayed or set aside. */
export function holdsEntries(directory: string): boolean {
  return readdirSync(directory).some((name) => name.endsWith('.jsonl'));
}

/** What an entry has for the table that it is on its way to. */
export function rowOf(entry: JournalEntry): IntentRow | RecordRow {
  return 'intent' in entry ? entry.intent : entry.record;
}

/** Entries as a file has them. */
export function linesOf(entries: readonly JournalEntry[]): string {
  return entries.map((entry) => `${JSON.stringify(entry)}\n`).join('');
}

/** Entries of a file, in order. */
export function parseLines(text: string): { entries: JournalEntry[]; damagedLines: number } {
  const entries: JournalEntry[] = [];
  let damagedLines = 0;
  for (const line of text.split('\n')) {
    if (line === '') continue;
    const entry = parseLine(line);
    if (entry) entries.push(entry);
    else damagedLines += 1;
  }
  return { entries, damagedLines };
}

function parseLine(line: string): JournalEntry | null {
  try {
    const entry = JSON.parse(line) as unknown;
    return isEntry(entry) ? entry : null;
  } catch {
    return null;
  }
}

function isEntry(value: unknown): value is JournalEntry {
  if (typeof value !== 'object' || value === null) return false;
  const { intent, record } = value as { intent?: { id?: unknown }; record?: { id?: unknown } };
  return typeof (intent ?? record)?.id === 'string';
}
