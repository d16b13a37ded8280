import { describe, expect, it } from 'vitest';
import { WINDOWED_CLASSES } from '../../../../contracts/data-classes.js';
import { AppError } from '../../../../kernel/errors.js';
import { compareProfiles } from './compare-profiles.js';
import { DAYS_WITHOUT_REASON } from './loaded-profile.js';
import { daysOfPeriod } from './period.js';
import { builtInProfiles, parseProfile, readProfile } from './read-profile.js';

const RELAY = `
profile: mine
title: One of my own
plans: [standard]
windows:
${WINDOWED_CLASSES.map((each) => `  ${each}: P30D`).join('\n')}
content: { grants: none, failed_inputs: redacted, redact_personal_data: true }
notices: { subprocessor_change: P30D, policy_change: P14D, breach: PT72H, erasure: P30D }
accounts: { sign_in: [password], sign_up: [email], minimum_age: 16, session_cookie: browser, phone: 'off' }
`;

/** What a profile is refused with. */
function refusal(text: string): string {
  try {
    parseProfile(text);
  } catch (error) {
    if (error instanceof AppError && error.code === 'retention/invalid_profile') return error.publicMessage;
    throw error;
  }
  throw new Error('it was taken');
}

describe('the profiles that come with Lethe', () => {
  it('are five, and each can be read', () => {
    expect(builtInProfiles()).toEqual(['enterprise', 'federated-credits', 'metadata-only', 'relay', 'zero-retention']);
    for (const name of builtInProfiles()) expect(readProfile(name).name).toBe(name);
  });

  it('keep what the published policies say', () => {
    const days = (name: string, dataClass: (typeof WINDOWED_CLASSES)[number]) => Object.values(readProfile(name).windows[dataClass].days);
    expect(days('zero-retention', 'payload')).toEqual([0]);
    expect(days('zero-retention', 'failed_input')).toEqual([30]);
    expect(days('federated-credits', 'failed_input')).toEqual([0]);
    expect(days('relay', 'request_metadata')).toEqual([90]);
    expect(days('relay', 'billing_record')).toEqual([366]);
    expect(days('metadata-only', 'payload')).toEqual([0]);
    expect(days('enterprise', 'payload')).toEqual([7, 30, 60, 90]);
    expect(days('enterprise', 'usage_aggregate')).toEqual([396, 396, 396, 396]);
    expect(days('enterprise', 'billing_record')).toEqual([2557, 2557, 2557, 2557]);
    for (const name of builtInProfiles()) expect(days(name, 'backup').every((each) => each === 30)).toBe(true);
  });

  it('say why wherever something is kept for longer than a quarter of a year', () => {
    for (const name of builtInProfiles()) {
      for (const { longestDays, reason } of Object.values(readProfile(name).windows)) {
        if (Math.max(...Object.values(longestDays)) > DAYS_WITHOUT_REASON) expect([name, reason]).not.toEqual([name, null]);
      }
    }
  });
});

describe('reading a profile', () => {
  it('takes one of an operator’s own', () => {
    expect(parseProfile(RELAY).windows.audit_log.days).toEqual({ standard: 30 });
  });

  it.each([
    ['a class without a window', RELAY.replace('  backup: P30D\n', ''), 'windows.backup is missing'],
    ['a negative window', RELAY.replace('backup: P30D', 'backup: -P30D'), 'windows.backup must be `none` or a period with its unit'],
    ['a window without a unit', RELAY.replace('backup: P30D', 'backup: 30'), 'windows.backup must be `none` or a period with its unit'],
    ['an endless window', RELAY.replace('backup: P30D', 'backup: unlimited'), 'windows.backup must be `none`'],
    ['a class there is not', RELAY.replace('  backup:', '  diaries: P1D\n  backup:'), 'windows.diaries is no data class'],
    ['a long window without a reason', RELAY.replace('backup: P30D', 'backup: P91D'), 'windows.backup.reason must say why'],
    [
      'a plan without a window',
      RELAY.replace('backup: P30D', 'backup: { plans: { gold: P1D } }'),
      'windows.backup.plans.standard is missing',
    ],
    [
      'a window and plans',
      RELAY.replace('backup: P30D', 'backup: { window: P1D, plans: { standard: P1D } }'),
      'either `window` or `plans`',
    ],
    [
      'a longest that is shorter',
      RELAY.replace('backup: P30D', 'backup: { window: P30D, longest: { standard: P7D } }'),
      'windows.backup.longest.standard must not be shorter',
    ],
    [
      'an audit log shorter than the security log',
      RELAY.replace('audit_log: P30D', 'audit_log: P7D'),
      'windows.audit_log must be at least as long',
    ],
    ['grants for longer than a week', RELAY.replace('grants: none', 'grants: P8D'), 'content.grants must be at most P7D'],
    ['a field twice', `${RELAY}title: Again\n`, 'line'],
    ['a field there is not', `${RELAY}colour: blue\n`, 'colour is not a field of a profile'],
    ['a missing part', RELAY.replace(/^accounts:.*\n/m, ''), 'accounts is missing'],
    ['no profile at all', '[]', 'profile'],
    [
      'a window of a hundred years',
      RELAY.replace('backup: P30D', 'backup: { window: P100Y, reason: because we can do so }'),
      'at most P20Y',
    ],
  ])('refuses %s, and names it', (_what, text, says) => {
    expect(refusal(text)).toContain(says);
  });

  it('refuses what grows without bound as it is read', () => {
    const bomb = `a: &a [x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a]\nc: [*b,*b,*b,*b,*b,*b,*b,*b,*b]\n`;
    expect(() => parseProfile(bomb)).toThrow();
    expect(refusal('x'.repeat(200_000))).toContain('at most');
  });

  it('counts months and years by their mean length, and never short', () => {
    expect(['P1D', 'P2W', 'P13M', 'P1Y', 'P7Y', 'none'].map(daysOfPeriod)).toEqual([1, 14, 396, 366, 2557, 0]);
    expect(['30', 'P0D', 'P-1D', 'P1DT1H', 'PT5H', ''].map(daysOfPeriod)).toEqual([null, null, null, null, null, null]);
  });

  it('gives two files that say the same the same digest, and any other another', () => {
    const same = parseProfile(`# a comment\n${RELAY.replace('P30D', "'P30D'")}`);
    expect(same.digest).toBe(parseProfile(RELAY).digest);
    expect(parseProfile(RELAY.replace('backup: P30D', 'backup: P29D')).digest).not.toBe(same.digest);
  });
});

it('tells what another profile changes: windows by plan, and every other term', () => {
  const changes = compareProfiles(readProfile('enterprise').stated(), readProfile('zero-retention').stated());
  expect(changes.windows).toContainEqual({ dataClass: 'payload', plan: 'team', beforeDays: 60, afterDays: 0, effect: 'stops' });
  expect(changes.windows).toContainEqual({
    dataClass: 'request_metadata',
    plan: 'enterprise',
    beforeDays: 90,
    afterDays: 30,
    effect: 'shorter',
  });
  expect(changes.windows).toContainEqual({ dataClass: 'request_metadata', plan: 'free', beforeDays: 7, afterDays: 30, effect: 'longer' });
  expect(changes.terms.map(({ term }) => term)).toContain('content.failedInputs');
  expect(compareProfiles(readProfile('relay').stated(), readProfile('relay').stated())).toEqual({ windows: [], terms: [] });
});
