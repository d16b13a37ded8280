import { DAY_MS } from '../../../kernel/clock.js';
import type { CanaryInstance } from '../instance/canary-instance.js';
import type { CanaryBook } from '../scan/canary-book.js';
import { GONE_AFTER_DELETION, type PlantedOrganisation } from './plant-organisation.js';
import type { PlantedWord } from './planted-word.js';

/** From the middle of what was sealed: no two are alike there. */
const TAKEN_BYTES = 24;

/** What is sealed says nothing to whoever finds it, but it has its day too. */
const SEALED = [
  { table: 'call_payload', kind: 'sealed payload', dataClass: 'payload' },
  { table: 'call_failed_input', kind: 'sealed failed input', dataClass: 'failed_input' },
  { table: 'call_granted_content', kind: 'sealed content under a grant', dataClass: 'payload' },
] as const;

/** Ciphertexts of an organisation's calls, and its wrapped content key, as words of their own. */
export async function learnSealed(instance: CanaryInstance, book: CanaryBook, organisation: PlantedOrganisation): Promise<PlantedWord[]> {
  const words: PlantedWord[] = [];
  const learn = (word: Pick<PlantedWord, 'kind' | 'dataClass' | 'goneFromDay'>, number: number, sealed: Buffer): void => {
    const place = `${word.kind} ${number} (${organisation.label})`;
    const from = Math.floor((sealed.length - TAKEN_BYTES) / 2);
    book.bytes(place, sealed.subarray(from, from + TAKEN_BYTES));
    words.push({ ...word, place, mayBeIn: ['database', 'files'], presentThroughDay: -1, isPresent: null });
  };
  for (const { table, kind, dataClass } of SEALED) {
    const rows = await instance.rows<{ sealed: Buffer; due: string }>(
      `SELECT sealed, expires_on::text AS due FROM ${table} WHERE organisation_id = $1 AND sealed IS NOT NULL ORDER BY call_id`,
      [organisation.id],
    );
    const today = Math.floor(instance.clock.beganMs / DAY_MS);
    rows.forEach(({ sealed, due }, index) => {
      learn({ kind, dataClass, goneFromDay: Date.parse(due) / DAY_MS - today + 1 }, index + 1, sealed);
    });
  }
  const keys = await instance.rows<{ wrapped: Buffer }>('SELECT wrapped_key AS wrapped FROM content_key WHERE organisation_id = $1', [
    organisation.id,
  ]);
  const goneFromDay = organisation.losesKey ? GONE_AFTER_DELETION : Infinity;
  keys.forEach(({ wrapped }, index) => learn({ kind: 'wrapped content key', dataClass: 'configuration', goneFromDay }, index + 1, wrapped));
  return words;
}
