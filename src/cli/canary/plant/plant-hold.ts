import type { WindowedClass } from '../../../contracts/data-classes.js';
import { RetentionWindows } from '../../../contracts/retention-windows.js';
import type { OrganisationId } from '../../../kernel/ids.js';
import type { CanaryInstance } from '../instance/canary-instance.js';
import type { CanaryBook } from '../scan/canary-book.js';
import type { Deed } from './deed.js';
import { OperatorApi } from './operator-api.js';
import { DELETION_DAY, type PlantedOrganisation } from './plant-organisation.js';
import type { PlantedWord } from './planted-word.js';

/** What a hold covers: what is known of calls, and what was said in them. */
const HELD: readonly WindowedClass[] = ['request_metadata', 'payload', 'failed_input'];
/** How long a hold outlives the longest window of what it covers. */
const OUTLIVES_DAYS = 2;

/** A legal hold on an organisation. */
export interface PlantedHold {
  readonly words: readonly PlantedWord[];
  readonly deeds: readonly Deed[];
  /** The fate of a word of that organisation while the hold is in force: longer for what it covers, the same for all else. */
  readonly held: (word: PlantedWord) => PlantedWord;
}

/**
 * Places a legal hold on an organisation, and releases it a while after everything it covers was due: until then that is kept aside, whole, and the
 * day after it is gone (D5). Meanwhile somebody tries to destroy the organisation's content keys.
 */
export async function plantHold(instance: CanaryInstance, book: CanaryBook, organisation: PlantedOrganisation): Promise<PlantedHold> {
  const { api, second } = operators(instance);
  const windows = instance.lethe.get(RetentionWindows);
  const days = (dataClass: WindowedClass): number => windows.days(dataClass, organisation.id as OrganisationId);
  const releaseDay = Math.max(...HELD.map(days)) + OUTLIVES_DAYS;
  const place = `matter of a hold (${organisation.label})`;
  const body = { matter: book.word(place), reason: 'litigation', organisationId: organisation.id, dataClasses: HELD };
  const { id } = await api.ask<{ id: string }>('POST', '/admin/v1/legal-holds', body);
  const at = `/admin/v1/legal-holds/${id}`;
  const keptAside = async (text: string): Promise<boolean> => {
    const found = 'SELECT FROM held_row WHERE hold_id = $1 AND position($2 in kept::text) > 0 LIMIT 1';
    return (await instance.rows(found, [id, text])).length > 0;
  };
  const matter: PlantedWord = {
    place,
    kind: 'matter of a hold',
    dataClass: 'audit_log',
    mayBeIn: ['database'],
    presentThroughDay: releaseDay,
    // Whoever was held to account can be shown why for as long as the audit log is kept.
    goneFromDay: Math.max(...windows.inForce('audit_log')) + releaseDay + 2,
    isPresent: async () => (await api.text(at)).includes(book.word(place)),
  };
  return {
    words: [matter],
    deeds: [
      { day: DELETION_DAY, run: () => tryToDestroyKeys(api, organisation.id, days('payload')) },
      { day: releaseDay, run: () => release(api, second, at) },
    ],
    held: (word) => (isCovered(word) ? { ...word, ...untilReleased(word, releaseDay, () => keptAside(book.word(word.place))) } : word),
  };
}

function operators({ lethe, operatorToken, secondToken }: CanaryInstance): { readonly api: OperatorApi; readonly second: OperatorApi } {
  return { api: new OperatorApi(lethe.url, operatorToken), second: new OperatorApi(lethe.url, secondToken) };
}

/** Words that are in rows. What was sealed is nowhere in the clear, and can be read for its own window as ever. */
function isCovered({ dataClass, alsoIn = [], mayBeIn, goneFromDay }: PlantedWord): boolean {
  const isHeld = [dataClass, ...alsoIn].some((each) => (HELD as readonly string[]).includes(each));
  return isHeld && mayBeIn.includes('database') && goneFromDay > 0 && Number.isFinite(goneFromDay);
}

function untilReleased(word: PlantedWord, releaseDay: number, keptAside: () => Promise<boolean>): Partial<PlantedWord> {
  const { isPresent } = word;
  const goneFromDay = Math.max(word.goneFromDay, releaseDay + 1);
  if (isPresent === null) return { goneFromDay };
  const presentThroughDay = Math.max(word.presentThroughDay, releaseDay - 1);
  return { goneFromDay, presentThroughDay, isPresent: async () => (await isPresent()) || (await keptAside()) };
}

/** Not while they are held: what was said would be lost. */
async function tryToDestroyKeys(api: OperatorApi, organisationId: string, payloadDays: number): Promise<void> {
  if (payloadDays > DELETION_DAY) await api.attempt('DELETE', `/api/v1/organisations/${organisationId}/content-keys`);
}

/** Two have to agree. */
async function release(api: OperatorApi, second: OperatorApi, at: string): Promise<void> {
  await api.ask('POST', `${at}/release`);
  await second.ask('POST', `${at}/release/approval`);
}
