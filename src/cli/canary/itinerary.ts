import { WINDOWED_CLASSES } from '../../contracts/data-classes.js';
import type { PolicyProfile } from '../../contracts/policy-profile.js';
import { DELETION_DAY } from './plant/plant-organisation.js';
import type { PlantedWord } from './plant/planted-word.js';

/**
 * The days on which to look: when everything has been planted, when things are deleted, the last day of every window of the profile and the day
 * after it, the same for every word, and once no copy may be left either. A short one keeps the days on which words change.
 */
export function itinerary(profile: PolicyProfile, words: readonly PlantedWord[], short: boolean): number[] {
  const backupDays = Math.max(...Object.values(profile.windows.backup.days));
  const ofWords = words.flatMap(({ presentThroughDay, goneFromDay }) => [presentThroughDay, goneFromDay]);
  const ofWindows = WINDOWED_CLASSES.flatMap((each) => Object.values(profile.windows[each].days)).flatMap((days) => [days, days + 1]);
  const finite = [0, DELETION_DAY, ...ofWords, ...(short ? [] : ofWindows)].filter((day) => day >= 0 && Number.isFinite(day));
  const last = Math.max(...ofWords.filter(Number.isFinite)) + backupDays + 1;
  return [...new Set([...finite, last])].sort((a, b) => a - b);
}
