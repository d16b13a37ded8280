import type { DataClass } from '../../../contracts/data-classes.js';
import type { PolicyProfile } from '../../../contracts/policy-profile.js';
import type { CanaryInstance } from '../instance/canary-instance.js';
import type { Deed } from './deed.js';
import { OperatorApi } from './operator-api.js';
import { DELETION_DAY, GONE_AFTER_DELETION } from './plant-organisation.js';
import type { PlantedWord } from './planted-word.js';

/** Whose words are in rows that expire. */
const FILED = ['request_metadata', 'payload', 'failed_input'] as const;
/** What an organisation asks for that has no other plan to go to. */
const ASKED_DAYS = 7;

/** How the windows of an organisation on the last plan become shorter on {@link DELETION_DAY}, for what is stored already too (D2). */
export interface Shortening {
  readonly deedOf: (instance: CanaryInstance, organisationId: string) => Deed;
  /** The fate of a word of that organisation: sooner gone where its window becomes shorter, the same for all else. */
  readonly shortened: (word: PlantedWord) => PlantedWord;
}

/** By going to the first plan, or else by a wish of the organisation's. Null where the profile leaves neither. */
export function shorteningUnder({ plans, windows }: PolicyProfile): Shortening | null {
  const [first = '', last = ''] = [plans[0], plans.at(-1)];
  if (first !== last) {
    const days = new Map<DataClass, number>(FILED.map((each) => [each, windows[each].days[first] ?? 0]));
    return shortening(days, (api, id) => api.ask('PUT', `/admin/v1/organisations/${id}/plan`, { plan: first }));
  }
  const wanted = FILED.filter((each) => windows[each].mayShorten && (windows[each].days[last] ?? 0) > ASKED_DAYS);
  const days = new Map<DataClass, number>(wanted.map((each) => [each, ASKED_DAYS]));
  if (wanted.length === 0) return null;
  return shortening(days, (api, id) => api.ask('PATCH', `/api/v1/organisations/${id}/retention`, { days: Object.fromEntries(days) }));
}

function shortening(
  daysByClass: ReadonlyMap<DataClass, number>,
  shorten: (api: OperatorApi, organisationId: string) => Promise<void>,
): Shortening {
  return {
    deedOf: ({ lethe, operatorToken }, organisationId) => {
      const api = new OperatorApi(lethe.url, operatorToken);
      return { day: DELETION_DAY, run: () => shorten(api, organisationId) };
    },
    shortened: (word) => {
      const { dataClass, presentThroughDay, goneFromDay } = word;
      const days = dataClass === 'secret' ? undefined : daysByClass.get(dataClass);
      if (days === undefined) return word;
      return {
        ...word,
        // What is over by then goes in the round of that day.
        presentThroughDay: Math.min(presentThroughDay, Math.max(days, DELETION_DAY - 1)),
        goneFromDay: Math.min(goneFromDay, Math.max(days + 1, GONE_AFTER_DELETION)),
      };
    },
  };
}
