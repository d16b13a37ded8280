import { WINDOWED_CLASSES, type WindowedClass } from '../../../../contracts/data-classes.js';
import type { StatedProfile } from './loaded-profile.js';

/** What becomes of one data class of one plan when another profile is put in force. */
export interface WindowChange {
  readonly dataClass: WindowedClass;
  readonly plan: string;
  readonly beforeDays: number;
  readonly afterDays: number;
  /** `shorter`: what is stored already goes earlier. `longer`: what is stored keeps its date. `stops`, `starts`: from or to nothing. */
  readonly effect: 'shorter' | 'longer' | 'stops' | 'starts';
}

/** Anything else that differs, by the name it has in the file. */
export interface TermChange {
  readonly term: string;
  readonly before: string;
  readonly after: string;
}

export interface ProfileChanges {
  readonly windows: readonly WindowChange[];
  readonly terms: readonly TermChange[];
}

/** What changes from one profile to another. An organisation whose plan is gone falls to the first plan of the new profile. */
export function compareProfiles(before: StatedProfile, after: StatedProfile): ProfileChanges {
  return { windows: windowChanges(before, after), terms: termChanges(before, after) };
}

function windowChanges(before: StatedProfile, after: StatedProfile): WindowChange[] {
  const plans = [...new Set([...before.plans, ...after.plans])];
  const daysOf = ({ plans: own, windows }: StatedProfile, dataClass: WindowedClass, plan: string): number =>
    windows[dataClass].days[own.includes(plan) ? plan : (own[0] ?? '')] ?? 0;
  return WINDOWED_CLASSES.flatMap((dataClass) =>
    plans.flatMap((plan) => {
      const beforeDays = daysOf(before, dataClass, plan);
      const afterDays = daysOf(after, dataClass, plan);
      return beforeDays === afterDays ? [] : [{ dataClass, plan, beforeDays, afterDays, effect: effectOf(beforeDays, afterDays) }];
    }),
  );
}

function effectOf(beforeDays: number, afterDays: number): WindowChange['effect'] {
  if (afterDays === 0) return 'stops';
  if (beforeDays === 0) return 'starts';
  return afterDays < beforeDays ? 'shorter' : 'longer';
}

function termChanges(before: StatedProfile, after: StatedProfile): TermChange[] {
  const [old, now] = [termsOf(before), termsOf(after)];
  return [...new Set([...old.keys(), ...now.keys()])].flatMap((term) => {
    const [was, is] = [old.get(term) ?? 'not said', now.get(term) ?? 'not said'];
    return was === is ? [] : [{ term, before: was, after: is }];
  });
}

function termsOf({ plans, content, notices, accounts, windows }: StatedProfile): Map<string, string> {
  const overrides = WINDOWED_CLASSES.map((each) => {
    const { mayShorten, longestDays, days } = windows[each];
    const longer = Object.keys(days).filter((plan) => (longestDays[plan] ?? 0) > (days[plan] ?? 0));
    return [
      `windows.${each}.overrides`,
      JSON.stringify({ shorter: mayShorten, longer: longer.map((plan) => [plan, longestDays[plan]]) }),
    ] as const;
  });
  const flat = (prefix: string, object: object) =>
    Object.entries(object).map(([key, value]) => [`${prefix}.${key}`, String(value)] as const);
  return new Map([
    ['plans', plans.join(', ')],
    ...flat('content', content),
    ...flat('notices', notices),
    ...flat('accounts', accounts),
    ...overrides,
  ]);
}
