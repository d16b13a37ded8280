import { readdir, readFile, rm, rmdir, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { Injectable } from '@nestjs/common';
import { errorCode } from '../../../kernel/errors.js';
import { LegalHolds } from '../../../contracts/legal-holds.js';
import { type StoreSweep, type Survivor, SweptStore } from '../../../contracts/swept-store.js';
import { DAY_MS, utcDay } from '../../../kernel/clock.js';
import type { OrganisationId } from '../../../kernel/ids.js';
import { Settings } from '../../../platform/config/settings.js';
import { UnitOfWork } from '../../../platform/database/unit-of-work.js';
import { replaceWholeFile, UNFINISHED } from '../../../platform/files/whole-file.js';
import { type JournalEntry, linesOf, parseLines, REJECTED, rowOf, SEGMENT } from './journal.js';

/** A copy this old is written by nobody any more. */
const UNFINISHED_MS = 3_600_000;

/** What a file of the journal has. */
interface JournalFile {
  /** Below the folder of all journals. */
  readonly name: string;
  /** The day its entries expire on, for those that were set aside; null for what waits to be replayed. */
  readonly day: string | null;
  readonly bytes: number;
  readonly entries: readonly JournalEntry[];
}

/**
 * Lets go of entries that PostgreSQL refused, a file a day, when the day that their records would have expired on is over (D2). One that a legal hold covers
 * stays (D5). What waits to be replayed is in the database as soon as there is one again, and is only looked at.
 */
@Injectable()
export class SweepJournal extends SweptStore {
  override readonly store = 'files.journal';
  override readonly dataClass = 'request_metadata';
  override readonly isOfProcess = true;
  private readonly folder: string;

  constructor(
    settings: Settings,
    private readonly holds: LegalHolds,
    private readonly unitOfWork: UnitOfWork,
  ) {
    super();
    this.folder = join(settings.dataDirectory, 'journal');
  }

  override async sweep({ nowMs, signal, removing }: StoreSweep): Promise<void> {
    const today = utcDay(nowMs);
    await this.forgetUnfinished(nowMs);
    for (const file of await this.files()) {
      if (signal.aborted) return;
      if (file.day === null || file.day >= today) continue;
      const held = await this.heldOf(file);
      const rows = file.entries.length - held.length;
      if (rows === 0 && held.length > 0) continue;
      const kept = linesOf(held);
      await removing([{ entry: file.name, rows, bytes: Math.max(0, file.bytes - kept.length) }], () => this.replace(file.name, kept));
    }
  }

  override async oldestSurvivor(): Promise<Survivor | null> {
    let oldest: Survivor | null = null;
    for (const file of await this.files()) {
      const held = new Set(await this.heldOf(file));
      for (const entry of file.entries.filter((each) => !held.has(each))) {
        const { started_at: startedAt, expires_on: day } = rowOf(entry);
        const dueAt = new Date(Date.parse(day) + DAY_MS);
        if (oldest === null || dueAt < oldest.dueAt) oldest = { writtenAt: new Date(startedAt), dueAt };
      }
    }
    return oldest;
  }

  override async entries(): Promise<number> {
    return (await this.files()).reduce((sum, { entries }) => sum + entries.length, 0);
  }

  /** Everything in the folders of all processes that share this one, or did: paths below it. A folder that goes meanwhile has nothing. */
  private async names(): Promise<string[]> {
    const folders = await readdir(this.folder, { withFileTypes: true }).catch(noneThere);
    const names = folders
      .filter((each) => each.isDirectory())
      .map(async ({ name }) => (await readdir(join(this.folder, name)).catch(noneThere)).map((file) => join(name, file)));
    return (await Promise.all(names)).flat();
  }

  /** A file that goes meanwhile is none. */
  private async files(): Promise<JournalFile[]> {
    const files: JournalFile[] = [];
    for (const name of await this.names()) {
      const day = REJECTED.exec(basename(name))?.[1] ?? null;
      if (day === null && !SEGMENT.test(basename(name))) continue;
      const [text] = await readFile(join(this.folder, name), 'utf8').then((found) => [found], noneThere);
      if (text !== undefined) files.push({ name, day, bytes: Buffer.byteLength(text), entries: parseLines(text).entries });
    }
    return files;
  }

  /** Copies that a process began to write and died: what they hold is in the file that they were to replace. */
  private async forgetUnfinished(nowMs: number): Promise<void> {
    for (const name of (await this.names()).filter((each) => UNFINISHED.test(each))) {
      const [facts] = await stat(join(this.folder, name)).then((found) => [found], noneThere);
      if (facts !== undefined && facts.mtimeMs < nowMs - UNFINISHED_MS) await this.replace(name, '');
    }
  }

  private heldOf({ entries }: JournalFile): Promise<JournalEntry[]> {
    return this.unitOfWork.asSystem(async (tx) => {
      const held: JournalEntry[] = [];
      for (const entry of entries) {
        const { organisation_id: organisationId, started_at: startedAt } = rowOf(entry);
        const fromMs = Date.parse(startedAt);
        const scope = {
          dataClass: 'request_metadata',
          organisationId: organisationId as OrganisationId,
          fromMs,
          toMs: fromMs + 1,
        } as const;
        if ((await this.holds.covering(tx, scope)).length > 0) held.push(entry);
      }
      return held;
    });
  }

  /** All of the new content or all of the old, and no file when there is none; nor a folder, when that was the last of a process that is gone. */
  private async replace(name: string, content: string): Promise<void> {
    const path = join(this.folder, name);
    if (content !== '') return replaceWholeFile(path, content);
    await rm(path, { force: true });
    // Whoever is alive has their claim in it.
    await rmdir(join(path, '..')).catch((error: unknown) => {
      if (!isAbsent(error) && errorCode(error) !== 'ENOTEMPTY') throw error;
    });
  }
}

function noneThere(error: unknown): never[] {
  if (isAbsent(error)) return [];
  throw error;
}

function isAbsent(error: unknown): boolean {
  return errorCode(error) === 'ENOENT';
}
