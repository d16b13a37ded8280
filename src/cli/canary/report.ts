import type { DataClass } from '../../contracts/data-classes.js';

/** A word that is where it must not be, or shown when it must not be. */
export interface Survivor {
  readonly place: string;
  readonly class: DataClass | 'secret';
  readonly store: string;
  readonly day: number;
  readonly found: number;
  /** The first few places, with the form the word has there. */
  readonly locations: readonly string[];
}

/** A word that whoever may read it could, or could not, read. */
export interface Presence {
  readonly place: string;
  readonly class: DataClass | 'secret';
  readonly day: number;
}

/** What one store held of one kind of word on one day. */
export interface Cell {
  readonly class: DataClass | 'secret';
  readonly store: string;
  readonly kind: string;
  readonly bytesScanned: number;
  readonly found: number;
  /** `none`: any is a survivor. `allowed`: the word is alive, or was handed to that outside party. `present`: none is a loss. */
  readonly expected: 'none' | 'allowed' | 'present';
  /** Days since the words were planted. */
  readonly day: number;
}

export interface CanaryReport {
  readonly profile: string;
  readonly profileDigest: string;
  readonly version: string;
  /** RFC 3339, real time. */
  readonly startedAt: string;
  readonly endedAt: string;
  /** Days since planting on which everything was looked at. */
  readonly days: readonly number[];
  readonly stores: readonly string[];
  readonly notScanned: readonly string[];
  readonly bytesScanned: number;
  readonly words: number;
  readonly survivors: readonly Survivor[];
  readonly present: readonly Presence[];
  readonly missing: readonly Presence[];
  /** Jobs of the worker that failed, and what could not be read. Nothing is proven where there are any. */
  readonly failures: readonly string[];
  readonly cells: readonly Cell[];
}

/** Whether everything was where it should be and nowhere else. */
export function holds({ survivors, missing, failures }: CanaryReport): boolean {
  return survivors.length + missing.length + failures.length === 0;
}

/** The report for a person, whole lines. */
export function reportText(report: CanaryReport): string {
  const { profile, survivors, missing, present, failures, days, bytesScanned, notScanned } = report;
  const lines = [
    `Lethe ${report.version}, canaries under the profile ${profile} (${report.profileDigest.slice(0, 16)})`,
    `${report.startedAt} to ${report.endedAt}`,
    '',
    `${holds(report) ? 'Everything held' : 'NOT EVERYTHING HELD'}: ${survivors.length} survivors, ${missing.length} missing, ${failures.length} failures.`,
    `${report.words} words planted, looked for on ${days.length} days up to day ${days.at(-1) ?? 0}, in ${report.stores.length} stores;`,
    `${Math.round(bytesScanned / 1_000_000)} MB searched. ${present.length} times a word was read where it should be.`,
    ...notScanned.map((what) => `Not scanned: ${what}`),
    '',
    ...section(
      'Survivors',
      survivors.map(
        ({ place, store, day, found, locations }) => `day ${day}: ${place}, ${found} times in ${store}: ${locations.join('; ')}`,
      ),
    ),
    ...section(
      'Missing',
      missing.map(({ place, day }) => `day ${day}: ${place}`),
    ),
    ...section('Failures', failures),
    'Stores, with bytes searched and words found on the last day',
    ...storeLines(report),
  ];
  return `${lines.join('\n')}\n`;
}

function section(title: string, lines: readonly string[]): string[] {
  return lines.length === 0 ? [] : [title, ...lines.map((line) => `  ${line}`), ''];
}

function storeLines({ cells, stores, days }: CanaryReport): string[] {
  const last = cells.filter(({ day }) => day === days.at(-1));
  return stores.map((store) => {
    const own = last.filter((cell) => cell.store === store);
    const found = (expected: Cell['expected']): number =>
      own.filter((cell) => cell.expected === expected).reduce((sum, cell) => sum + cell.found, 0);
    const bytes = own[0]?.bytesScanned ?? 0;
    return `  ${store.padEnd(28)} ${String(bytes).padStart(12)} bytes  ${String(found('allowed')).padStart(6)} allowed  ${String(found('none')).padStart(6)} not`;
  });
}
