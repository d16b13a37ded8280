import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import type { CanaryReport } from '../../src/cli/canary/report.js';
import { CommandLine } from '../harness/command-line.js';

// The whole of it, for every profile and through every window, is `npm run torture -- canary`.

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
];

describe('lethe canary', () => {
  it.each([
    ['zero-retention', 60],
    ['enterprise', 120],
  ])(
    'C1, C2, C4, D2, D4: under %s everything is there before it is due, and nothing is anywhere afterwards',
    async (profile, fewestWords) => {
      const [json, text] = ['json', 'txt'].map((kind) => join(shell.folder, `${profile}.${kind}`)) as [string, string];
      const { code, stderr } = await shell.run(['canary', '--profile', profile, '--short', '--json', json, '--report', text]);
      expect({ code, stderr: code === 0 ? '' : stderr }).toEqual({ code: 0, stderr: '' });
      const report = JSON.parse(readFileSync(json, 'utf8')) as CanaryReport;
      expect(report).toMatchObject({ profile, survivors: [], missing: [], failures: [] });
      expect(report.words).toBeGreaterThan(fewestWords);
      expect(report.present.length).toBeGreaterThan(fewestWords);
      expect(report.stores).toEqual(expect.arrayContaining(STORES));
      // Somewhere the words were found: the scan sees.
      expect(report.cells.some(({ store, found, expected }) => store === 'heap' && expected === 'allowed' && found > 0)).toBe(true);
      expect(readFileSync(text, 'utf8')).toMatch(
        /^Lethe .*\n[^]*Everything held: 0 survivors, 0 missing, 0 failures\.[^]*\n\n— lethe\/canary \S+\n$/,
      );
    },
    300_000,
  );

  it('a profile that is none is said to be none, before anything is started', async () => {
    const { code, stderr } = await shell.run(['canary', '--profile', 'no-such']);
    expect(code).toBe(2);
    expect(stderr).toContain('LETHE_PROFILE names no profile');
  });
});
