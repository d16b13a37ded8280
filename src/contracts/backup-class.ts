/**
 * Which backup a table goes into (D4). `data`: the ordinary one, which every table is in that says nothing else. `keys`: the one of key material,
 * which is kept apart and for fewer days, so that a key that was destroyed is soon in no backup either (C4, peers 35).
 */
export type BackupClass = 'data' | 'keys';

const classes = new Map<string, BackupClass>();

/**
 * Declares that a table holds keys which other tables' rows are encrypted with. No table of class `data` may refer to it by a foreign key: the two
 * are restored from different moments, and a key may be gone for good.
 */
export function declareBackupClass(table: string, backupClass: BackupClass): void {
  classes.set(table, backupClass);
}

export function backupClassOf(table: string): BackupClass {
  return classes.get(table) ?? 'data';
}
