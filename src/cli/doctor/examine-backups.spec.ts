import { describe, expect, it } from 'vitest';
import { DAY_MS } from '../../kernel/clock.js';
import type { BackupState } from '../../modules/backups/core/read-backup-state.js';
import { ageFindings, verificationFindings } from './examine-backups.js';

const NOW_MS = Date.UTC(2026, 10, 22, 12);
const HOUR_MS = 3_600_000;
const production = { environment: 'production', backupDrillDays: 7 } as const;
const development = { environment: 'development', backupDrillDays: 0 } as const;

type Row = NonNullable<BackupState['newest']>;

function row(hoursOld: number, change: Partial<Row> = {}): Row {
  const takenAt = new Date(NOW_MS - hoursOld * HOUR_MS);
  const expiresAt = new Date(takenAt.getTime() + 30 * DAY_MS);
  const id = 'b1' as Row['id'];
  return {
    id,
    kind: 'data',
    state: 'complete',
    takenAt,
    expiresAt,
    rows: 1,
    bytes: 1,
    failure: null,
    verifiedAt: null,
    sound: null,
    ...change,
  };
}

function state(change: Partial<BackupState>): BackupState {
  return { kind: 'data', everyHours: 24, newest: null, newestSound: null, ahead: null, ...change };
}

const levels = (findings: readonly { level: string }[]) => findings.map(({ level }) => level);

describe('D4: doctor on the age of backups', () => {
  it.each([
    ['taken an hour ago', state({ newest: row(1) }), 'ok'],
    ['a little late', state({ newest: row(25) }), 'ok'],
    ['late', state({ newest: row(27) }), 'error'],
    ['never taken', state({}), 'warn'],
    ['not scheduled', state({ everyHours: 0, newest: row(1) }), 'warn'],
  ] as const)('%s', (_, given, level) => {
    expect(levels(ageFindings(given, production, NOW_MS))).toEqual([level]);
  });

  it('asks for none in development, nor for one of keys where nothing has any', () => {
    expect(ageFindings(state({ everyHours: 0 }), development, NOW_MS)).toEqual([]);
    expect(ageFindings(state({ kind: 'keys', everyHours: 0 }), production, NOW_MS)).toEqual([]);
  });

  it('says when one is of a time that has not come, beside what is so of the others', () => {
    const findings = ageFindings(state({ newest: row(1), ahead: row(-48) }), production, NOW_MS);
    expect(levels(findings)).toEqual(['error', 'ok']);
    expect(findings[0]?.message).toContain('2026-11-24T12:00:00.000Z');
  });
});

describe('D4: doctor on test restores', () => {
  const sound = row(24, { sound: true });
  it.each([
    ['a young one was sound', state({ newest: row(1), newestSound: sound }), 'ok'],
    ['the last sound one is old', state({ newest: row(1), newestSound: row(15 * 24, { sound: true }) }), 'warn'],
    ['none was tried', state({ newest: row(1) }), 'warn'],
    ['the newest is unsound', state({ newest: row(1, { sound: false }), newestSound: sound }), 'error'],
  ] as const)('%s', (_, given, level) => {
    expect(levels(verificationFindings([given], production, NOW_MS))).toEqual([level]);
  });

  it('says nothing where there is no backup, and does not warn in development', () => {
    expect(verificationFindings([state({})], production, NOW_MS)).toEqual([]);
    expect(levels(verificationFindings([state({ newest: row(1) })], development, NOW_MS))).toEqual(['ok']);
  });
});
