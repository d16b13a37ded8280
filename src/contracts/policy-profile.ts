import type { WindowedClass } from './data-classes.js';

/** How long one class is kept under a profile. */
export interface ClassWindow {
  /** Days by plan; every plan of the profile has its entry. 0: never written (C1). */
  readonly days: Readonly<Record<string, number>>;
  /** Days an organisation of this plan may ask for at most; the plan's own days when it may not ask for more. */
  readonly longestDays: Readonly<Record<string, number>>;
  /** Whether an organisation may ask for fewer days than its plan gives. */
  readonly mayShorten: boolean;
  /** Why it is kept for so long: the law or contract that asks for it. Null for windows that need no reason. */
  readonly reason: string | null;
}

/** When content may be kept at all (C1, C2, C5). The windows of `payload` and `failed_input` say for how long. */
export interface ContentPolicy {
  /** Days a payload kept under a troubleshooting grant may live, counted from when it was written; 0: there are no grants (C5). */
  readonly grantDays: number;
  /** What is done to the input of a failed call before it is kept. */
  readonly failedInputs: 'redacted' | 'as_payload';
  /** Whether personal data is redacted from failed inputs as well as secrets (C2). */
  readonly redactPersonalData: boolean;
}

/** Days and hours that notices come ahead of what they tell of, or after it at most. */
export interface NoticePeriods {
  readonly subprocessorChangeDays: number;
  readonly policyChangeDays: number;
  readonly breachHours: number;
  /** From the request to delete an account until its data is gone everywhere (D3). */
  readonly erasureDays: number;
}

/** A policy profile, read and checked: what one operator promises, as figures the system keeps. Also the injection token. */
export abstract class PolicyProfile {
  abstract readonly name: string;
  abstract readonly title: string;
  /** SHA-256 of what the profile says, hexadecimal; the same for two files that say the same. */
  abstract readonly digest: string;
  /** From the one with the shortest windows up; the first is what an organisation has unless the operator says otherwise. */
  abstract readonly plans: readonly string[];
  abstract readonly windows: Readonly<Record<WindowedClass, ClassWindow>>;
  abstract readonly content: ContentPolicy;
  abstract readonly notices: NoticePeriods;
}
