import { WINDOWED_CLASSES } from '../../contracts/data-classes.js';
import type { PolicyProfile } from '../../contracts/policy-profile.js';
import { DELETION_DAY } from './plant/plant-organisation.js';
import type { PlantedWord } from './plant/planted-word.js';

/**
 * The days on which to look: when everything has been planted, when things are deleted, the last day of every window of the profile and the day
 * after it, the same for every word, and once no copy may be left either. A short one leaves out all but the first window and the end.
 */
export function itinerary(profile: PolicyProfile, words: readonly PlantedWord[], short: boolean): number[] {
  const backupDays = Math.max(...Object.values(profile.windows.backup.days));
  const ofWords = finite(words.flatMap(({ presentThroughDay, goneFromDay }) => [presentThroughDay, goneFromDay]));
  const ofWindows = WINDOWED_CLASSES.flatMap((each) => Object.values(profile.windows[each].days)).flatMap((days) => [days, days + 1]);
  const afterDeletion = DELETION_DAY + 1;
  const last = Math.max(...ofWords) + backupDays + 1;
  const first = Math.min(...ofWords.filter((day) => day > afterDeletion));
  const between = short ? [first, first + 1] : [...ofWords, ...ofWindows];
  return [...new Set(finite([0, DELETION_DAY, afterDeletion, ...between, last]))].sort((a, b) => a - b);
}

function finite(days: readonly number[]): number[] {
  return days.filter((day) => day >= 0 && Number.isFinite(day));
}
