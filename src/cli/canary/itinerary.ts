import { WINDOWED_CLASSES } from '../../contracts/data-classes.js';
import type { PolicyProfile } from '../../contracts/policy-profile.js';
import type { PlantedWord } from './plant/planted-word.js';

/** What is decided before a run and changes what there is to see. */
export interface RunPlan {
  readonly words: readonly PlantedWord[];
  /** Days on which something is done, as things are deleted. */
  readonly deedDays: readonly number[];
  readonly short: boolean;
}

/**
 * The days on which to look: when everything has been planted, when things are done and the day after, the last day of every window of the profile and
 * the day after it, the same for every word, and once no copy may be left either. A short one leaves out all windows but the first, and the end.
 */
export function itinerary(profile: PolicyProfile, { words, deedDays, short }: RunPlan): number[] {
  const backupDays = Math.max(...Object.values(profile.windows.backup.days));
  const ofWords = finite(words.flatMap(({ presentThroughDay, goneFromDay }) => [presentThroughDay, goneFromDay]));
  const ofWindows = WINDOWED_CLASSES.flatMap((each) => Object.values(profile.windows[each].days)).flatMap((days) => [days, days + 1]);
  const deeds = deedDays.flatMap((day) => [day, day + 1]);
  const last = Math.max(...ofWords) + backupDays + 1;
  const afterDeletion = Math.min(...deedDays) + 1;
  const first = Math.min(...ofWords.filter((day) => day > afterDeletion));
  const between = short ? [first, first + 1] : [...ofWords, ...ofWindows];
  return [...new Set(finite([0, ...deeds, ...between, last]))].sort((a, b) => a - b);
}

function finite(days: readonly number[]): number[] {
  return days.filter((day) => day >= 0 && Number.isFinite(day));
}
