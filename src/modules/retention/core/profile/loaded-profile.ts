import { createHash } from 'node:crypto';
import { WINDOWED_CLASSES, type WindowedClass } from '../../../../contracts/data-classes.js';
import { type ClassWindow, type ContentPolicy, type NoticePeriods, PolicyProfile } from '../../../../contracts/policy-profile.js';
import type { FieldError } from '../../../../kernel/errors.js';
import { daysOfPeriod, hoursOfPeriod } from './period.js';
import type { ProfileDocument, WindowDocument } from './profile-document.js';

/** Longer windows need a reason beside them: nothing is kept long by accident. */
export const DAYS_WITHOUT_REASON = 90;
/** Twenty years, in days: what is kept for longer is not a window any more. */
const MOST_DAYS = 7_305;

/** {@link PolicyProfile} as it was read. `accounts` is for the settings that people sign in by. */
export class LoadedProfile extends PolicyProfile {
  override readonly name: string;
  override readonly title: string;
  override readonly digest: string;
  override readonly plans: readonly string[];
  override readonly windows: Readonly<Record<WindowedClass, ClassWindow>>;
  override readonly content: ContentPolicy;
  override readonly notices: NoticePeriods;
  readonly accounts: ProfileDocument['accounts'];

  /** `document` has passed {@link problemsOf}. */
  constructor(document: ProfileDocument) {
    super();
    this.name = document.profile;
    this.title = document.title;
    this.plans = document.plans;
    const windows = WINDOWED_CLASSES.map((each) => [each, windowOf(document.windows[each] ?? 'none', document.plans)] as const);
    this.windows = Object.fromEntries(windows) as Record<WindowedClass, ClassWindow>;
    this.content = {
      grantDays: days(document.content.grants),
      failedInputs: document.content.failed_inputs,
      redactPersonalData: document.content.redact_personal_data,
    };
    this.notices = {
      subprocessorChangeDays: days(document.notices.subprocessor_change),
      policyChangeDays: days(document.notices.policy_change),
      breachHours: hoursOfPeriod(document.notices.breach) ?? 0,
      erasureDays: days(document.notices.erasure),
    };
    this.accounts = document.accounts;
    this.digest = createHash('sha256').update(JSON.stringify(this.stated())).digest('hex');
  }

  /** Everything the profile says, in one order: what its digest is made of, and what a later profile is compared with. */
  stated(): StatedProfile {
    const { name, plans, windows, content, notices, accounts } = this;
    return { name, plans, windows, content, notices, accounts };
  }
}

export type StatedProfile = Pick<PolicyProfile, 'name' | 'plans' | 'windows' | 'content' | 'notices'> & Pick<ProfileDocument, 'accounts'>;

/** What is wrong with a document that its schema has nothing against, one entry for each field. */
export function problemsOf(document: ProfileDocument): FieldError[] {
  const missing = WINDOWED_CLASSES.filter((each) => document.windows[each] === undefined).map((each) => ({
    field: `windows.${each}`,
    message: 'is missing: every data class has a window, `none` for what is never kept',
  }));
  const present = WINDOWED_CLASSES.flatMap((each) => {
    const window = document.windows[each];
    return window === undefined ? [] : problemsOfWindow(`windows.${each}`, window, document.plans);
  });
  const problems = [...missing, ...present];
  return problems.length > 0 ? problems : problemsBetween(new LoadedProfile(document));
}

function problemsOfWindow(field: string, window: WindowDocument, plans: readonly string[]): FieldError[] {
  const { plans: byPlan, longest, reason } = typeof window === 'string' ? {} : window;
  const problems = [
    ...(byPlan === undefined ? [] : problemsOfPlans(`${field}.plans`, byPlan, plans)),
    ...Object.keys(longest ?? {})
      .filter((plan) => !plans.includes(plan))
      .map((plan) => ({ field: `${field}.longest.${plan}`, message: 'is no plan of this profile' })),
  ];
  if (problems.length > 0) return problems;
  const { days: own, longestDays } = windowOf(window, plans);
  for (const plan of plans) {
    if ((longestDays[plan] ?? 0) < (own[plan] ?? 0))
      problems.push({ field: `${field}.longest.${plan}`, message: 'must not be shorter than the window itself' });
  }
  const most = Math.max(...Object.values(longestDays));
  if (most > MOST_DAYS) problems.push({ field, message: 'must be at most P20Y' });
  if (most > DAYS_WITHOUT_REASON && reason === undefined)
    problems.push({ field: `${field}.reason`, message: `must say why it is kept for longer than P${DAYS_WITHOUT_REASON}D` });
  return problems;
}

function problemsOfPlans(field: string, given: Readonly<Record<string, string>>, plans: readonly string[]): FieldError[] {
  return [
    ...plans
      .filter((plan) => given[plan] === undefined)
      .map((plan) => ({ field: `${field}.${plan}`, message: 'is missing: every plan has its window' })),
    ...Object.keys(given)
      .filter((plan) => !plans.includes(plan))
      .map((plan) => ({ field: `${field}.${plan}`, message: 'is no plan of this profile' })),
  ];
}

/** Rules between fields. */
function problemsBetween({ plans, windows, content }: LoadedProfile): FieldError[] {
  const problems: FieldError[] = [];
  for (const plan of plans) {
    if ((windows.audit_log.days[plan] ?? 0) < (windows.security_log.days[plan] ?? 0))
      problems.push({ field: 'windows.audit_log', message: `must be at least as long as windows.security_log (${plan})` });
  }
  const grows = plans
    .slice(1)
    .some((plan, before) => (windows.request_metadata.days[plan] ?? 0) < (windows.request_metadata.days[plans[before] ?? ''] ?? 0));
  if (grows) problems.push({ field: 'plans', message: 'must go from the plan with the shortest windows up' });
  if (content.grantDays > 7) problems.push({ field: 'content.grants', message: 'must be at most P7D' });
  return problems;
}

function windowOf(document: WindowDocument, plans: readonly string[]): ClassWindow {
  const {
    window,
    plans: byPlan,
    longest,
    reason,
    shorter,
  }: Exclude<WindowDocument, string> = typeof document === 'string' ? { window: document } : document;
  const own = Object.fromEntries(plans.map((plan) => [plan, days(byPlan?.[plan] ?? window ?? 'none')]));
  const most = Object.fromEntries(plans.map((plan) => [plan, longest?.[plan] === undefined ? (own[plan] ?? 0) : days(longest[plan])]));
  return { days: own, longestDays: most, mayShorten: shorter ?? false, reason: reason ?? null };
}

/** The schema has let only periods through. */
function days(period: string): number {
  return daysOfPeriod(period) ?? 0;
}
