import { type AppError, errorCatalogue } from '../../kernel/errors.js';

export const backupsErrors = errorCatalogue('backups', {
  not_kept: { status: 409, message: 'The policy profile keeps no backups: its window for the class `backup` is 0.' },
  already_running: { status: 409, message: 'A backup of this installation is being taken already.' },
  not_admitted: {
    status: 503,
    message: 'The login of DATABASE_URL may not act as lethe_backup, which reads every table. Run: GRANT lethe_backup TO <the login>',
  },
  table_missed: {
    status: 500,
    message: 'The role lethe_backup cannot read every table, so the backup would have a hole. Run `lethe migrate`.',
  },
  not_found: { status: 404, message: 'No such backup. `lethe backup list` shows those there are.' },
  damaged: { status: 422, message: 'The backup is damaged or cut short. Nothing was changed; take another one.' },
  foreign: {
    status: 422,
    message: 'The backup belongs to another installation, or was sealed under a root key that is not here. Nothing was changed.',
  },
  expired: { status: 410, message: 'The backup is past its last day: what it holds was promised to be gone. Nothing was changed.' },
  newer_schema: {
    status: 409,
    message: 'The backup or the database is of a newer Lethe than this one. Nothing was changed; use that version.',
  },
  not_a_data_backup: { status: 409, message: 'Keys are restored together with data: name a backup of kind `data`. Nothing was changed.' },
  target_in_use: { status: 409, message: 'Lethe still runs on that database. Stop it first; nothing was changed.' },
  target_not_empty: {
    status: 409,
    message: 'The database is not empty, and a restore replaces all of it. Add --yes to do so; nothing was changed.',
  },
  drill_running: { status: 409, message: 'A test restore of this installation is running already.' },
  no_scratch: {
    status: 409,
    message:
      'This installation brings no PostgreSQL server to restore into for a test, as the container image does not. Name an empty database with --into, or set LETHE_BACKUP_DRILL_ON_SERVER.',
  },
  ledger_not_here: {
    status: 503,
    message:
      'The blob store does not have the backup this database was restored from, so what was erased since may be on record elsewhere. Set LETHE_BLOB_* as they were.',
  },
  no_replayer: {
    status: 500,
    message: 'The erasure ledger holds a kind of erasure that this version cannot do again. Use the version that recorded it.',
  },
  replay_due: {
    status: 503,
    message: 'This database was restored, and the erasures made since the backup have not been done again. Start the worker or api role.',
  },
});

interface Named {
  readonly id: string;
  readonly takenAt: Date;
}

/** `backups/expired`, with the moment it was over, what time it is at least, and the one to take instead. */
export function backupExpired(expiresAt: Date, now: Date, newest: Named | undefined): AppError {
  const over = `The backup could be restored until ${expiresAt.toISOString()}, and it is ${now.toISOString()} at least`;
  const instead =
    newest === undefined
      ? 'none is left that may be restored'
      : `the newest that may be restored is ${newest.id} of ${newest.takenAt.toISOString()}`;
  return backupsErrors.expired({ message: `${over}: what it holds was promised to be gone. Nothing was changed; ${instead}.` });
}

/** `backups/foreign`, with both installations. */
export function foreignInstallation(ofBackup: string, ofDatabase: string): AppError {
  return backupsErrors.foreign({
    message: `The backup is of installation ${ofBackup} and the database of installation ${ofDatabase}. Nothing was changed; name a database of that installation or an empty one.`,
  });
}

/** `backups/foreign`, with the root key that is wanted. */
export function foreignRootKey(kmsKeyId: string, cause: unknown): AppError {
  return backupsErrors.foreign({
    message: `The backup was sealed under the root key ${kmsKeyId}, which does not open it here. Nothing was changed; set LETHE_KMS as it was, or put that key back.`,
    cause,
  });
}

/** `backups/newer_schema`, with the first migration this version does not know. */
export function newerSchema(what: 'backup' | 'database', migration: string): AppError {
  return backupsErrors.newer_schema({
    message: `The ${what} is of a newer Lethe than this one: it has the migration ${migration}. Nothing was changed; use that version or a later one.`,
  });
}

/** `backups/damaged`, with the table that did not come back. */
export function damagedTable(table: string, cause?: unknown): AppError {
  return backupsErrors.damaged({
    message: `The backup is damaged or cut short: the table ${table} does not come back. Nothing was changed; take another one.`,
    details: { table },
    cause,
  });
}
