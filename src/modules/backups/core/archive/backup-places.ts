import { BACKUPS_PREFIX as BACKUPS } from '../../data/backup-stores.inventory.js';
import type { BackupHeader, BackupPart } from './backup-header.js';

const MANIFEST = 'manifest';

type Named = Pick<BackupHeader, 'id' | 'installation'>;

/** Of one installation, or of all that share the store. */
export function backupsOf(installation?: string): string {
  return installation === undefined ? `${BACKUPS}/` : `${BACKUPS}/${installation}/`;
}

/** What every object of one backup begins with. */
export function placeOf({ id, installation }: Named): string {
  return `${backupsOf(installation)}${id}/`;
}

export function manifestKey(backup: Named): string {
  return `${placeOf(backup)}${MANIFEST}`;
}

export function partKey(backup: Named, { part }: Pick<BackupPart, 'part'>): string {
  return `${placeOf(backup)}part-${String(part).padStart(5, '0')}`;
}

/** Whose object a key names; null for a key that no backup would have. */
export function readPlace(key: string): (Named & { readonly isManifest: boolean }) | null {
  const [, installation, id, name] = key.split('/');
  if (installation === undefined || id === undefined || name === undefined) return null;
  return { installation, id: id as BackupHeader['id'], isManifest: name === MANIFEST };
}
