import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import type { CanaryReport } from '../../src/cli/canary/report.js';
import { BRIEF_PROFILE } from '../harness/canary/mutation.js';
import { CommandLine } from '../harness/command-line.js';

// The profiles that come with Lethe, through windows of years, are `npm run torture -- canary`.

const shell = new CommandLine();
afterAll(() => shell.remove());

const STORES = [
  'heap',
  'index',
  'TOAST',
  'statistics',
  'WAL',
  'archived WAL',
  'tables, read as rows',
  'backups, opened',
  'log',
  'traces',
  'metrics',
  'identity providers',
];
/** Kinds of what Lethe keeps in ways of its own. */
const KINDS = [
  'prompt',
  'failed input',
  'client request id',
  'prompt under a grant',
  'matter of a hold',
  'given name in a directory',
  'subject at an OpenID provider',
  'username at a SAML provider',
];
const FEWEST_WORDS = 200;

describe('lethe canary', () => {
  it('A1, C1, C2, C4, C5, D2, D4, D5: through every window everything is there before it is due, and nothing is anywhere afterwards', async () => {
    const [json, text] = ['json', 'txt'].map((kind) => join(shell.folder, `report.${kind}`)) as [string, string];
    const { code, stderr } = await shell.run(['canary', '--profile', BRIEF_PROFILE, '--json', json, '--report', text]);
    expect({ stderr: existsSync(json) ? '' : stderr }).toEqual({ stderr: '' });
    const report = JSON.parse(readFileSync(json, 'utf8')) as CanaryReport;
    expect(report).toMatchObject({ profile: 'brief', survivors: [], missing: [], failures: [] });
    expect(code).toBe(0);
    expect(report.words).toBeGreaterThan(FEWEST_WORDS);
    expect(report.present.length).toBeGreaterThan(FEWEST_WORDS);
    expect(report.stores).toEqual(expect.arrayContaining(STORES));
    // Somewhere the words were found, and each was to be read somewhere: the scan sees.
    expect(report.cells.some(({ store, found, expected }) => store === 'heap' && expected === 'allowed' && found > 0)).toBe(true);
    const read = report.cells.filter(({ expected, found }) => expected === 'present' && found > 0).map(({ kind }) => kind);
    expect(read).toEqual(expect.arrayContaining(KINDS));
    expect(readFileSync(text, 'utf8')).toMatch(
      /^Lethe .*\n[^]*Everything held: 0 survivors, 0 missing, 0 failures\.[^]*\n\n— lethe\/canary \S+\n$/,
    );
  }, 300_000);

  it('a profile that is none is said to be none, before anything is started', async () => {
    const { code, stderr } = await shell.run(['canary', '--profile', 'no-such']);
    expect(code).toBe(2);
    expect(stderr).toContain('LETHE_PROFILE names no profile');
  });
});
