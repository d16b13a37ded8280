import { expect, it } from 'vitest';
import { fixedWindows } from '../../../../../test/harness/windows.js';
import { DAY_MS } from '../../../../kernel/clock.js';
import { Settings } from '../../../../platform/config/settings.js';
import { SessionLimits } from './session-limits.js';

it('D2: a session lives no longer than the place it began in is kept', () => {
  const settings = Object.assign(new Settings(), { sessionDays: 90, sessionIdleMinutes: 30 });
  expect(new SessionLimits(settings, fixedWindows({ network_trace: 30 })).lifeMs).toBe(30 * DAY_MS);
  expect(new SessionLimits(settings, fixedWindows({ network_trace: 180 })).lifeMs).toBe(90 * DAY_MS);
  expect(new SessionLimits(settings, fixedWindows()).idleMs).toBe(30 * 60_000);
});
