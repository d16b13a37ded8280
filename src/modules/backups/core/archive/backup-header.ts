import { createCipheriv, createDecipheriv } from 'node:crypto';
import { AppError } from '../../../../kernel/errors.js';
import { type Id, isId } from '../../../../kernel/ids.js';
import type { BackupClass } from '../../../../contracts/backup-class.js';
import { encodeKeyContext, type KeyContext } from '../../../../platform/kms/key-context.js';
import type { KeyManagementService, WrappedKey } from '../../../../platform/kms/key-management-service.js';
import { backupsErrors, foreignRootKey } from '../../backups.errors.js';
import type { LiveTable } from '../../data/live-schema.js';
import type { Measure } from './measure.js';

export type BackupId = Id<'backup'>;

/** What anyone who may read the store sees of a backup: enough to list it and to let it expire, and nothing of what is in it. */
export interface BackupHeader {
  readonly id: BackupId;
  readonly installation: string;
  readonly kind: BackupClass;
  /** The moment of the snapshot. */
  readonly takenAt: Date;
  /** From here on it must not be restored. */
  readonly expiresAt: Date;
}

/** One table of a backup. A table without rows has no object. */
export interface BackupPart extends Measure, Omit<LiveTable, 'admitted'> {
  readonly part: number;
  readonly rows: number;
}

/** What is in a backup. */
export interface BackupContents {
  readonly migrations: readonly string[];
  readonly profile: string;
  readonly parts: readonly BackupPart[];
}

/** A header with its contents still sealed. */
export interface SealedBackup extends BackupHeader {
  readonly wrappedKey: WrappedKey;
  /** `iv(12) ‖ ciphertext ‖ tag(16)` */
  readonly sealed: Buffer;
}

const FORMAT = 'lethe-backup/1';
const TAG_BYTES = 16;
const IV_BYTES = 12;
/** No part has this number, so no chunk has this nonce. */
const CONTENTS_NONCE = Buffer.alloc(IV_BYTES, 0xff);
/** Of a manifest: some thousand tables with years of days. */
export const MAX_MANIFEST_BYTES = 16 * 1024 * 1024;

/** What the data key of a backup is bound to; AWS logs it. */
export function dataKeyContext({ id, installation }: BackupHeader): KeyContext {
  return { purpose: 'lethe/backup/data-key/1', installation, backup: id };
}

/** The manifest as it is stored. The header in it is authenticated together with the contents. */
export function sealManifest(header: BackupHeader, contents: BackupContents, dataKey: Buffer, { kmsKeyId, blob }: WrappedKey): Buffer {
  const cipher = createCipheriv('aes-256-gcm', dataKey, CONTENTS_NONCE);
  cipher.setAAD(headerBytes(header));
  const sealed = Buffer.concat([CONTENTS_NONCE, cipher.update(JSON.stringify(contents)), cipher.final(), cipher.getAuthTag()]);
  const document = {
    format: FORMAT,
    ...written(header),
    kmsKeyId,
    wrappedKey: blob.toString('base64'),
    sealed: sealed.toString('base64'),
  };
  return Buffer.from(`${JSON.stringify(document)}\n`);
}

/** Reads a manifest without opening it. Raises `backups/damaged` for anything that is none, `backups/newer_schema` for one of a later format. */
export function readManifest(bytes: Buffer): SealedBackup {
  const document = parsed(bytes);
  const { format, id, installation, kind, takenAt, expiresAt, kmsKeyId, wrappedKey, sealed } = document;
  if (typeof format === 'string' && /^lethe-backup\/\d+$/.test(format) && format !== FORMAT) throw backupsErrors.newer_schema();
  const times = [takenAt, expiresAt].map((time) => new Date(typeof time === 'string' ? time : Number.NaN));
  const [taken, expires] = times;
  const isWhole = format === FORMAT && isId(id) && isId(installation) && (kind === 'data' || kind === 'keys');
  if (!isWhole || !taken || !expires || times.some((time) => Number.isNaN(time.getTime()))) throw backupsErrors.damaged();
  if (typeof kmsKeyId !== 'string' || typeof wrappedKey !== 'string' || typeof sealed !== 'string') throw backupsErrors.damaged();
  return {
    id: id as BackupId,
    installation,
    kind,
    takenAt: taken,
    expiresAt: expires,
    wrappedKey: { kmsKeyId, blob: Buffer.from(wrappedKey, 'base64') },
    sealed: Buffer.from(sealed, 'base64'),
  };
}

/**
 * Opens a backup: its contents, and its data key, which the caller overwrites. Raises `backups/foreign` when the root key here is not the one it was
 * sealed under, `backups/damaged` when header or contents were changed, and `kms/*` for a keeper that is away.
 */
export async function openManifest(
  kms: KeyManagementService,
  backup: SealedBackup,
  signal?: AbortSignal,
): Promise<{ readonly dataKey: Buffer; readonly contents: BackupContents }> {
  const dataKey = await kms.unwrap(backup.wrappedKey, dataKeyContext(backup), signal).catch((error: unknown) => {
    if (error instanceof AppError && error.code === 'kms/refused') throw foreignRootKey(printableKeyId(backup), error);
    throw error;
  });
  try {
    const decipher = createDecipheriv('aes-256-gcm', dataKey, backup.sealed.subarray(0, IV_BYTES), { authTagLength: TAG_BYTES });
    decipher.setAAD(headerBytes(backup));
    decipher.setAuthTag(backup.sealed.subarray(-TAG_BYTES));
    const opened = Buffer.concat([decipher.update(backup.sealed.subarray(IV_BYTES, -TAG_BYTES)), decipher.final()]);
    // Authenticated: only Lethe itself can have written it.
    return { dataKey, contents: JSON.parse(opened.toString('utf8')) as BackupContents };
  } catch (cause) {
    dataKey.fill(0);
    throw backupsErrors.damaged({ cause: cause instanceof Error ? new Error(cause.name) : undefined });
  }
}

/** The header as it is stored, and as it is bound to what it stands before. */
function written({ id, installation, kind, takenAt, expiresAt }: BackupHeader): Record<string, string> {
  return { id, installation, kind, takenAt: takenAt.toISOString(), expiresAt: expiresAt.toISOString() };
}

/** What stands in the store could have been put there by anybody. */
function printableKeyId({ wrappedKey }: SealedBackup): string {
  return /^[\x21-\x7e]{1,256}$/.test(wrappedKey.kmsKeyId) ? wrappedKey.kmsKeyId : 'of another keeper';
}

function headerBytes(header: BackupHeader): Buffer {
  return encodeKeyContext({
    purpose: 'lethe/backup/manifest/1',
    ...written(header),
  });
}

function parsed(bytes: Buffer): Record<string, unknown> {
  try {
    const document: unknown = JSON.parse(bytes.toString('utf8'));
    if (typeof document === 'object' && document !== null) return document as Record<string, unknown>;
  } catch {
    // The parser quotes what it read.
  }
  throw backupsErrors.damaged();
}
