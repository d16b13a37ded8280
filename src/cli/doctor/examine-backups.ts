import type { INestApplicationContext } from '@nestjs/common';
import { DAY_MS } from '../../kernel/clock.js';
import { AppError } from '../../kernel/errors.js';
import { BackupArchive } from '../../modules/backups/core/archive/backup-archive.js';
import { type BackupState, ReadBackupState } from '../../modules/backups/core/read-backup-state.js';
import type { Settings } from '../../platform/config/settings.js';
import type { RootKeyState } from './examine-configuration.js';
import { error, type Finding, ok, warn } from './finding.js';

const HOUR_MS = 3_600_000;
/** The worker looks every five minutes; a backup takes some, and a failed one is tried again. */
const LATE_MS = 2 * HOUR_MS;
/** Without a schedule of test restores, how old the newest backup may be that was ever tried: then none of those that are left has been. */
const UNTRIED_DAYS = 30;

type Surroundings = Pick<Settings, 'environment' | 'backupDrillDays'>;

/** Whether backups are taken when they are due, open with the key that is here, and have been restored for a test (D4). */
export async function examineBackups(
  application: INestApplicationContext,
  settings: Settings,
  rootKey: RootKeyState,
): Promise<readonly Finding[]> {
  const states = await application.get(ReadBackupState).run();
  const nowMs = Date.now();
  return [
    ...states.flatMap((state) => ageFindings(state, settings, nowMs)),
    // The finding about the root key says it all where that is missing.
    ...(rootKey === 'works' ? await keyFindings(application.get(BackupArchive), states) : []),
    ...verificationFindings(states, settings, nowMs),
  ];
}

/** `nowMs` is this machine's. */
export function ageFindings({ kind, everyHours, newest, ahead }: BackupState, { environment }: Surroundings, nowMs: number): Finding[] {
  const findings = ahead === null ? [] : [clockFinding(ahead.takenAt, nowMs)];
  if (everyHours === 0) {
    if (environment === 'development' || kind === 'keys') return findings;
    return [...findings, warn(subject(kind), 'None is taken by itself.', 'Set LETHE_BACKUP_EVERY_HOURS, or take them by other means.')];
  }
  if (newest === null) {
    return [...findings, warn(subject(kind), 'There is none yet.', 'The worker takes the first within minutes, or: npx lethe backup')];
  }
  const ageMs = nowMs - newest.takenAt.getTime();
  const age = `The newest is of ${newest.takenAt.toISOString()}, and one is due every ${everyHours} hours.`;
  if (ageMs <= everyHours * HOUR_MS + LATE_MS) return [...findings, ok(subject(kind), age)];
  const action = 'See that a process with the worker role runs; its log names what keeps job backups.take from it.';
  return [...findings, error(subject(kind), age, action)];
}

function clockFinding(takenAt: Date, nowMs: number): Finding {
  return error(
    'backups',
    `A backup says it is of ${takenAt.toISOString()}, and this machine's clock says ${new Date(nowMs).toISOString()}: one of the two was wrong.`,
    'Run a time service (NTP). Such a backup is deleted once there is another, since nobody can say when its days are over.',
  );
}

/** Of test restores: only backups of data are restored. */
export function verificationFindings(
  states: readonly BackupState[],
  { environment, backupDrillDays }: Surroundings,
  nowMs: number,
): Finding[] {
  const data = states.find(({ kind }) => kind === 'data');
  if (!data?.newest) return [];
  const { newest, newestSound } = data;
  const action = 'npx lethe drill, and LETHE_BACKUP_DRILL_DAYS to have it done by itself.';
  if (newest.sound === false) {
    const message = `A test restore found the newest backup, ${newest.id}, unsound.`;
    return [error('backup drill', message, 'Take another with `npx lethe backup`, and see what the blob store does to its objects.')];
  }
  if (newestSound === null) {
    const message = 'No backup there is has been restored for a test: nobody knows whether they come back.';
    return [environment === 'production' ? warn('backup drill', message, action) : ok('backup drill', message)];
  }
  const days = backupDrillDays === 0 ? UNTRIED_DAYS : 2 * backupDrillDays;
  const message = `The newest backup that a test restore found whole is of ${newestSound.takenAt.toISOString()}.`;
  return [nowMs - newestSound.takenAt.getTime() > days * DAY_MS ? warn('backup drill', message, action) : ok('backup drill', message)];
}

/** Whether the key that is here opens the newest of each kind: a root key that was lost shows today, and not on the day of a restore. */
async function keyFindings(archive: BackupArchive, states: readonly BackupState[]): Promise<Finding[]> {
  const findings: Finding[] = [];
  for (const { kind, newest } of states) {
    if (newest === null) continue;
    try {
      (await archive.open(await archive.find(newest.id))).close();
      findings.push(ok('backup key', `The newest backup of ${kind} opens with the root key that is here.`));
    } catch (failure) {
      if (!(failure instanceof AppError)) throw failure;
      // The finding about the blob store says it all.
      if (failure.code.startsWith('blob/')) return [];
      findings.push(
        error('backup key', failure.publicMessage, 'A restore would be refused: put right what is said, or take another backup.'),
      );
    }
  }
  return findings;
}

function subject(kind: BackupState['kind']): string {
  return kind === 'data' ? 'backups' : 'backups of keys';
}
