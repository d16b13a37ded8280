import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it, vi } from 'vitest';
import { CommandLine, expectSentence } from '../harness/command-line.js';

/** Each test starts several processes, on a machine that may be busy with other tests. */
vi.setConfig({ testTimeout: 120_000 });

const cli = new CommandLine();
const SECRET = `sk-${'a1B2c3D4'.repeat(6)}`;

afterAll(() => cli.remove());

describe('lethe redact', () => {
  it('C2: prints what would be kept of a failed call, and counts what was cut', async () => {
    const body = JSON.stringify({ messages: [{ role: 'user', content: `my key is ${SECRET}, what is wrong with it?` }] });
    const { code, stdout, stderr } = await cli.run(['redact'], { stdin: body });
    expect([code, stdout.includes(SECRET), stdout.includes('what is wrong with it?')]).toEqual([0, false, true]);
    expect(() => JSON.parse(stdout) as unknown).not.toThrow();
    expect(stderr).toMatch(/^1 × \w+/);
    const clean = await cli.run(['redact', '--json'], { stdin: 'nothing to hide' });
    expect(JSON.parse(clean.stdout)).toEqual({ kept: true, findings: {}, text: 'nothing to hide' });
  });

  it('cuts what the operator’s own patterns match, and personal data where it is asked to', async () => {
    const patterns = join(cli.folder, 'patterns.txt');
    writeFileSync(patterns, '# our case numbers\n\nCASE-[0-9]{6}\n');
    const stdin = 'CASE-123456 of jane.doe@example.com';
    const env = { LETHE_REDACTION_PATTERNS: patterns };
    expect((await cli.run(['redact'], { stdin, env })).stdout).toMatch(/^(?!.*CASE-123456).*jane\.doe@example\.com/);
    expect((await cli.run(['redact', '--personal-data'], { stdin, env })).stdout).not.toContain('jane.doe');
  });

  it('refuses a pattern it cannot take, with its line, and does not quote it', async () => {
    const patterns = join(cli.folder, 'bad.txt');
    writeFileSync(patterns, '# one\n(?=secret)\n');
    const refused = await cli.run(['redact'], { stdin: 'x', env: { LETHE_REDACTION_PATTERNS: patterns } });
    expectSentence(refused, 'LETHE_REDACTION_PATTERNS takes', '(line 2)');
    expect(refused.stderr).not.toContain('secret');
    expectSentence(await cli.run(['redact'], { env: { LETHE_REDACTION_PATTERNS: join(cli.folder, 'none') } }), 'cannot be read');
  });
});
