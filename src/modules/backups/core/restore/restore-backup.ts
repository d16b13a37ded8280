import { Writable } from 'node:stream';
import { backupClassOf } from '../../../../contracts/backup-class.js';
import { HOLD_PLACED, HOLDS_TABLE } from '../../../../contracts/legal-holds.js';
import { type Clock, utcDay } from '../../../../kernel/clock.js';
import { AppError } from '../../../../kernel/errors.js';
import { firstUnknownMigration } from '../../../../platform/database/migrations.js';
import { backupExpired, backupsErrors, newerSchema } from '../../backups.errors.js';
import type { BackupArchive, OpenBackup } from '../archive/backup-archive.js';
import type { BackupHeader, BackupId, BackupPart } from '../archive/backup-header.js';
import type { ErasureCopies } from '../erasures/erasure-copies.js';
import { TargetDatabase } from './target-database.js';

export interface RestoreOptions {
  /** Login that owns the schema. */
  readonly ownerUrl: string;
  /** Whether a database that is not empty is emptied first. */
  readonly replace: boolean;
  /** Restores rows past their day too, to compare every row; for a test restore, whose database is dropped. */
  readonly keepExpired?: boolean;
}

export interface RestoredBackup {
  readonly header: BackupHeader;
  /** The backup its content keys came from; null when there is none that has not expired. */
  readonly keys: BackupHeader | null;
  readonly tables: number;
  readonly rows: number;
  /** Rows whose day was over, and which were left where they are. */
  readonly expired: number;
}

/** Backups that may be restored at `nowMs`. */
interface Alive {
  readonly alive: readonly BackupHeader[];
  readonly nowMs: number;
}

interface Restoring {
  readonly data: OpenBackup;
  readonly keys: OpenBackup | null;
  /** Rows whose day was before it are left out; null brings all back. */
  readonly today: string | null;
}

/**
 * Makes a database what it was when a backup was taken (D4), without what has expired since. Everything is read and checked once before the first
 * change; from that change to the last the database is condemned, and a restore that was killed is simply run again. Needs no running application,
 * and no database but the target.
 */
export class RestoreBackup {
  constructor(
    private readonly archive: BackupArchive,
    private readonly erasures: ErasureCopies,
    private readonly clock: Clock,
  ) {}

  /** Raises `backups/*` with nothing changed, `blob/*` and `kms/*`. */
  async run(id: BackupId, options: RestoreOptions, signal?: AbortSignal): Promise<RestoredBackup> {
    const sealed = await this.archive.find(id);
    if (sealed.kind !== 'data') throw backupsErrors.not_a_data_backup();
    const { alive, nowMs } = await this.requireAlive(sealed);
    const data = this.requireKnown(await this.archive.open(sealed, signal));
    const keys = await this.newestKeys(data, alive, signal);
    try {
      await this.check(data, signal);
      if (keys) await this.check(keys, signal);
      const target = await TargetDatabase.open(options.ownerUrl);
      try {
        await target.require(data.header, options.replace);
        return await this.replace(
          target,
          { data, keys, today: options.keepExpired === true || (await this.mayBeHeld(data)) ? null : utcDay(nowMs) },
          signal,
        );
      } finally {
        await target.close();
      }
    } finally {
      data.close();
      keys?.close();
    }
  }

  /** Reads all of a backup and compares it with what was taken. Raises `backups/damaged`. */
  async check(backup: OpenBackup, signal?: AbortSignal): Promise<void> {
    for (const part of backup.parts.filter(({ rows }) => rows > 0)) await backup.read(part, nowhere(), signal);
  }

  /**
   * What of the installation may be restored, and what time it is at least: a clock that was set back gives no backup another day, since whatever lies
   * in the store was taken before now. Raises `backups/expired`.
   */
  private async requireAlive({ installation, expiresAt }: BackupHeader): Promise<Alive> {
    const all = await this.archive.list(installation);
    const nowMs = await this.leastNowMs(all);
    const alive = all.filter((each) => each.expiresAt.getTime() > nowMs);
    if (expiresAt.getTime() > nowMs) return { alive, nowMs };
    throw backupExpired(expiresAt, new Date(nowMs), alive.filter(({ kind }) => kind === 'data').at(-1));
  }

  /** Of what says it was taken after the clock's now, the newest that opens counts: anybody could put a date into the store. */
  private async leastNowMs(oldestFirst: readonly BackupHeader[]): Promise<number> {
    const nowMs = this.clock.nowMs();
    for (const { id, takenAt } of oldestFirst.toReversed()) {
      if (takenAt.getTime() <= nowMs) break;
      if (await this.opens(id)) return takenAt.getTime();
    }
    return nowMs;
  }

  private async opens(id: BackupId): Promise<boolean> {
    try {
      (await this.archive.open(await this.archive.find(id))).close();
      return true;
    } catch (error) {
      if (error instanceof AppError && ['backups/damaged', 'backups/foreign', 'backups/not_found'].includes(error.code)) return false;
      throw error;
    }
  }

  /** Newest, whichever data is restored: a key that was destroyed since the data was taken must not come back with it (C4). */
  private async newestKeys({ migrations }: OpenBackup, alive: readonly BackupHeader[], signal?: AbortSignal): Promise<OpenBackup | null> {
    const newest = alive.filter(({ kind }) => kind === 'keys').at(-1);
    if (newest === undefined) return null;
    const keys = this.requireKnown(await this.archive.open(await this.archive.find(newest.id), signal));
    // Tables of a later schema than the data's are not there to be filled.
    return migrations.length > 0 ? keys : null;
  }

  /**
   * Whether a hold, in the backup or placed since, may cover rows that have expired since (D5). They come back then, and the first round of retention
   * at the next start puts aside what is held and drops the rest.
   */
  private async mayBeHeld({ header, parts }: OpenBackup): Promise<boolean> {
    if (parts.some(({ table, rows }) => table === HOLDS_TABLE && rows > 0)) return true;
    for await (const { key } of this.erasures.list(header.installation)) {
      if ((await this.erasures.read(key)).some(({ kind }) => kind === HOLD_PLACED)) return true;
    }
    return false;
  }

  private requireKnown(backup: OpenBackup): OpenBackup {
    const unknown = firstUnknownMigration(backup.migrations);
    if (unknown === undefined) return backup;
    backup.close();
    throw newerSchema('backup', unknown);
  }

  private async replace(target: TargetDatabase, { data, keys, today }: Restoring, signal?: AbortSignal): Promise<RestoredBackup> {
    await target.condemn(data.header);
    await target.rebuild(data.migrations);
    const parts = new Map(data.parts.map((part) => [part.table, part]));
    let rows = 0;
    for (const table of await target.loadingOrder([...parts.keys()])) {
      signal?.throwIfAborted();
      const part = parts.get(table);
      if (part) rows += await fill(target, { backup: data, part, today }, signal);
    }
    const there = new Set((await target.tables()).map(({ table }) => table));
    for (const part of keys?.parts ?? []) {
      if (part.rows > 0 && there.has(part.table) && backupClassOf(part.table) === 'keys')
        await target.fillFromElsewhere(part, (into) => keys?.read(part, into, signal) ?? Promise.resolve());
    }
    await target.release(data.header, this.clock.now());
    const taken = data.parts.reduce((sum, part) => sum + part.rows, 0);
    return { header: data.header, keys: keys?.header ?? null, tables: data.parts.length, rows, expired: taken - rows };
  }
}

/** Answers how many rows the table has now. */
async function fill(
  target: TargetDatabase,
  { backup, part, today }: { readonly backup: OpenBackup; readonly part: BackupPart; readonly today: string | null },
  signal?: AbortSignal,
): Promise<number> {
  const alive = part.partitions.filter(({ day }) => today === null || day === null || day >= today);
  await target.makePartitions(part.table, alive);
  return target.fill(part, today, (into) => (part.rows > 0 ? backup.read(part, into, signal) : endOf(into)));
}

function endOf(into: NodeJS.WritableStream): Promise<void> {
  return new Promise((resolve, reject) => {
    into.once('error', reject);
    into.once('finish', () => resolve());
    into.end();
  });
}

function nowhere(): Writable {
  return new Writable({ write: (_piece, _encoding, done) => done() });
}
