import { Injectable } from '@nestjs/common';
import { type StoreSweep, type Survivor, SweptStore } from '../../../contracts/swept-store.js';
import { DAY_MS } from '../../../kernel/clock.js';
import { BackupTables } from '../data/backup-tables.js';
import { BackupArchive } from './archive/backup-archive.js';
import type { BackupHeader } from './archive/backup-header.js';
import { backupsOf, readPlace } from './archive/backup-places.js';
import { BackupCatalogue } from './backup-catalogue.js';
import { CLOCK_SKEW_MS, isAhead, isDue, ROUND_MS } from './backup-moments.js';
import { BackupWindows } from './backup-windows.js';

type Removable = Pick<BackupHeader, 'id' | 'installation'>;
type Removed = { readonly objects: number; readonly bytes: number };

/** Of what has no manifest and has not grown for so long the process has died, and the data key with it. */
const UNFINISHED_MS = 3 * DAY_MS;

/**
 * Deletes backups when their days are over (D4), counted from the moment they show, and asks the store afterwards whether they are gone. Goes by what
 * the store holds and not by the catalogue, which a restore takes back in time.
 */
@Injectable()
export class ExpireBackups extends SweptStore {
  override readonly store = 'blobs.backups';
  override readonly dataClass = 'backup';

  constructor(
    private readonly tables: BackupTables,
    private readonly archive: BackupArchive,
    private readonly catalogue: BackupCatalogue,
    private readonly windows: BackupWindows,
  ) {
    super();
  }

  override async sweep(round: StoreSweep): Promise<void> {
    const { nowMs, signal } = round;
    const { installation } = await this.tables.installation();
    const stored = await this.archive.list(installation);
    await this.catalogue.reconcile(installation, stored);
    for (const header of [...stored.filter((each) => isDue(each, nowMs)), ...(await this.uncountable(stored, nowMs))]) {
      if (signal.aborted) return;
      await this.remove(header, round, (removed) => this.catalogue.deleted(header, removed));
    }
    await this.removeUnreadable(installation, stored, round);
    await this.archive.discardUnfinished(new Date(nowMs - UNFINISHED_MS), signal);
  }

  override async oldestSurvivor(): Promise<Survivor | null> {
    const rows = await this.tables.asSystem((tx) => this.tables.backups.inState(tx, 'complete'));
    const first = rows.sort((a, b) => a.expiresAt.getTime() - b.expiresAt.getTime())[0];
    return first ? { writtenAt: first.takenAt, dueAt: first.expiresAt } : null;
  }

  /**
   * Backups taken while the clock was ahead, which would live for longer than was promised. They go once another of their kind is there that can be
   * counted, and only while the database's clock agrees that theirs was the wrong one: no single clock deletes a backup by being late.
   */
  private async uncountable(stored: readonly BackupHeader[], nowMs: number): Promise<BackupHeader[]> {
    const ahead = stored.filter((header) => isAhead(header, nowMs));
    if (ahead.length === 0 || Math.abs((await this.tables.serverTime()).getTime() - nowMs) > CLOCK_SKEW_MS) return [];
    const counted = stored.filter((each) => each.takenAt.getTime() <= nowMs && !isDue(each, nowMs));
    return ahead.filter(({ kind }) => counted.some((each) => each.kind === kind));
  }

  /** Objects of no backup that can be read: of one that was never finished, or whose manifest is damaged. They get no longer than others. */
  private async removeUnreadable(installation: string, stored: readonly BackupHeader[], round: StoreSweep): Promise<void> {
    const readable = new Set(stored.map(({ id }) => id));
    const old = new Map<string, number>();
    for await (const { key, modifiedAt } of this.archive.objects(backupsOf(installation))) {
      const place = readPlace(key);
      if (place === null || readable.has(place.id)) continue;
      const keptMs = place.isManifest ? this.windows.days('data') * DAY_MS - ROUND_MS : UNFINISHED_MS;
      old.set(place.id, Math.max(old.get(place.id) ?? 0, modifiedAt.getTime() + keptMs));
    }
    for (const [id, untilMs] of old) {
      if (untilMs <= round.nowMs) await this.remove({ id: id as BackupHeader['id'], installation }, round);
    }
  }

  private async remove(backup: Removable, { signal, removing }: StoreSweep, then?: (removed: Removed) => Promise<void>): Promise<void> {
    let bytes = 0;
    for await (const object of this.archive.objectsOf(backup)) bytes += object.bytes;
    await removing([{ entry: backup.id, bytes }], async () => {
      const removed = await this.archive.remove(backup, signal);
      await then?.(removed);
    });
  }
}
