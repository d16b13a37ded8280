import type { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import { createZstdDecompress } from 'node:zlib';
import { Injectable } from '@nestjs/common';
import { AppError, errorCode } from '../../../../kernel/errors.js';
import { type BlobFacts, BlobStore } from '../../../../platform/blob/blob-store.js';
import { KeyManagementService } from '../../../../platform/kms/key-management-service.js';
import { backupsErrors, damagedTable } from '../../backups.errors.js';
import {
  type BackupHeader,
  type BackupId,
  type BackupPart,
  MAX_MANIFEST_BYTES,
  openManifest,
  readManifest,
  type SealedBackup,
} from './backup-header.js';
import { backupsOf, manifestKey, partKey, placeOf, readPlace } from './backup-places.js';
import { measuring } from './measure.js';
import { openChunks } from './sealed-chunks.js';

/** A backup that has been opened. `dataKey` is overwritten by `close()`. */
export interface OpenBackup {
  readonly header: BackupHeader;
  readonly migrations: readonly string[];
  readonly parts: readonly BackupPart[];
  /** Hands the rows of one part, as COPY's text, to `into`. Raises `backups/damaged` when they are not what was taken. */
  read(part: BackupPart, into: NodeJS.WritableStream, signal?: AbortSignal): Promise<void>;
  close(): void;
}

/** The backups in the blob store, whatever the database's catalogue says of them. */
@Injectable()
export class BackupArchive {
  constructor(
    private readonly blobs: BlobStore,
    private readonly kms: KeyManagementService,
  ) {}

  /** Finished backups, oldest first: of one installation, or of all that share the store. One that cannot be read is left out. */
  async list(installation?: string): Promise<BackupHeader[]> {
    const headers: BackupHeader[] = [];
    for await (const { key } of this.objects(backupsOf(installation))) {
      if (readPlace(key)?.isManifest !== true) continue;
      const backup = await this.manifest(key).catch(absentOrDamaged);
      if (backup !== null) headers.push(withoutContents(backup));
    }
    return headers.sort((a, b) => a.takenAt.getTime() - b.takenAt.getTime());
  }

  /** Raises `backups/not_found`, and `backups/damaged` for a manifest that is none. */
  async find(id: BackupId): Promise<SealedBackup> {
    for await (const { key } of this.objects(backupsOf())) {
      const place = readPlace(key);
      if (place?.isManifest === true && place.id === id) return this.manifest(key);
    }
    throw backupsErrors.not_found();
  }

  /** Raises `backups/foreign` and `backups/damaged`. */
  async open(backup: SealedBackup, signal?: AbortSignal): Promise<OpenBackup> {
    const { dataKey, contents } = await openManifest(this.kms, backup, signal);
    return {
      header: withoutContents(backup),
      migrations: contents.migrations,
      parts: contents.parts,
      read: (part, into, stop) => this.readPart(backup, part, { dataKey, into, ...(stop && { signal: stop }) }),
      close: () => void dataKey.fill(0),
    };
  }

  /** Every object of a backup, the manifest among them. */
  async *objectsOf(backup: Pick<BackupHeader, 'id' | 'installation'>): AsyncGenerator<BlobFacts> {
    yield* this.objects(placeOf(backup));
  }

  /** Everything under a prefix of the store. */
  async *objects(prefix: string): AsyncGenerator<BlobFacts> {
    let after: string | null = '';
    while (after !== null) {
      const page = await this.blobs.list(prefix, after === '' ? {} : { after });
      yield* page.blobs;
      after = page.next;
    }
  }

  /** Removes what there is of a backup, the manifest last so that an interrupted removal is taken up again; then asks the store whether it is gone. */
  async remove(backup: Pick<BackupHeader, 'id' | 'installation'>, signal?: AbortSignal): Promise<{ objects: number; bytes: number }> {
    const removed = { objects: 0, bytes: 0 };
    const found: BlobFacts[] = [];
    for await (const blob of this.objectsOf(backup)) found.push(blob);
    const last = manifestKey(backup);
    for (const { key, bytes } of found.sort((a, b) => Number(a.key === last) - Number(b.key === last))) {
      await this.blobs.delete(key, signal);
      removed.objects += 1;
      removed.bytes += bytes;
    }
    for await (const { key } of this.objectsOf(backup)) {
      throw new Error(
        `invariant broken: the blob store still lists ${readPlace(key)?.isManifest ? 'a manifest' : 'a part'} that it has deleted`,
      );
    }
    return removed;
  }

  /** Removes what interrupted uploads have left, which belongs to no object. */
  async discardUnfinished(before: Date, signal?: AbortSignal): Promise<void> {
    await this.blobs.discardUnfinished(before, signal);
  }

  private async manifest(key: string): Promise<SealedBackup> {
    const facts = await this.blobs.stat(key);
    if (facts === null || facts.bytes > MAX_MANIFEST_BYTES) throw backupsErrors.damaged();
    const backup = readManifest(await buffer(await this.blobs.get(key)));
    // The name is what an object is found and removed by, so it must be its own.
    if (manifestKey(backup) !== key) throw backupsErrors.damaged();
    return backup;
  }

  private async readPart(
    backup: BackupHeader,
    part: BackupPart,
    { dataKey, into, signal }: { readonly dataKey: Buffer; readonly into: NodeJS.WritableStream; readonly signal?: AbortSignal },
  ): Promise<void> {
    const { through, taken } = measuring();
    const source = await this.blobs.get(partKey(backup, part), signal).catch((error: unknown) => missingAsDamaged(error, part));
    const opened = openChunks(dataKey, { backup: backup.id, part: part.part, name: part.table });
    try {
      await pipeline(source, opened, createZstdDecompress(), through, into, signal ? { signal } : {});
    } catch (error) {
      throw asDamaged(error, part);
    }
    const { bytes, sha256 } = taken();
    if (bytes !== part.bytes || sha256 !== part.sha256) throw damagedTable(part.table);
  }
}

function withoutContents({ id, installation, kind, takenAt, expiresAt }: BackupHeader): BackupHeader {
  return { id, installation, kind, takenAt, expiresAt };
}

function absentOrDamaged(error: unknown): null {
  if (error instanceof AppError && ['blob/not_found', 'backups/damaged', 'backups/newer_schema'].includes(error.code)) return null;
  throw error;
}

function missingAsDamaged(error: unknown, { table }: BackupPart): Readable {
  if (error instanceof AppError && error.code === 'blob/not_found') throw damagedTable(table, error);
  throw error;
}

/** What was authenticated decompresses; should it not, the archive was written wrong, and that is damage too. */
function asDamaged(error: unknown, { table }: BackupPart): unknown {
  const code = errorCode(error) ?? '';
  const isDamage = code.startsWith('ZSTD_') || code.startsWith('Z_') || code === 'blob/damaged' || code === 'backups/damaged';
  return isDamage ? damagedTable(table, new Error(code)) : error;
}
