import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { RedactionEngine } from './redact-body.ts';

const file = join(process.env['LETHE_SHARED'] ?? '../shared', 'redaction', 'cases.jsonl');
const present = existsSync(file);
if (!present) process.stderr.write(`labelled-cases.spec: skipped, no labelled cases at ${file} (set LETHE_SHARED)\n`);

/** One labelled text. `secret_b64` is the substring that must be gone; without it the text must stay as it is in each of `modes`. */
interface Case {
  readonly id: string;
  readonly kind: string;
  readonly text_b64: string;
  readonly secret_b64?: string;
  readonly mode?: 'secrets' | 'pii';
  readonly modes?: readonly ('secrets' | 'pii')[];
}

const engines = {
  secrets: new RedactionEngine({ personalData: false, patterns: [] }),
  pii: new RedactionEngine({ personalData: true, patterns: [] }),
};
const decode = (base64: string): string => Buffer.from(base64, 'base64').toString('utf8');

function unescaped(text: string): string {
  const simple: Record<string, string> = { n: '\n', t: '\t', r: '\r', b: '\b', f: '\f' };
  return text.replace(/\\(?:u([0-9a-fA-F]{4})|(.))/gs, (_, code: string | undefined, character: string) =>
    code === undefined ? (simple[character] ?? character) : String.fromCharCode(Number.parseInt(code, 16)),
  );
}

function survives(output: string, secret: string): boolean {
  const half = Math.ceil(secret.length / 2);
  for (let start = 0; start + half <= secret.length; start++) if (output.includes(secret.slice(start, start + half))) return true;
  return false;
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

/** Whether the label is honoured: the secret gone in every reading of the output, no half of it left, JSON still JSON. */
function isGone(text: string, secret: string, output: string | undefined): boolean {
  if (output === undefined) return true;
  if (isJson(text) && !isJson(output)) return false;
  const secrets = [secret, unescaped(secret), unescaped(unescaped(secret))];
  const outputs = [output, unescaped(output), unescaped(unescaped(output))];
  return (
    !secrets.some((each) => outputs.some((read) => read.includes(each))) &&
    !survives(output, secret) &&
    !survives(unescaped(output), unescaped(secret))
  );
}

describe.runIf(present)('redaction on the labelled cases (C2)', () => {
  const cases = present
    ? readFileSync(file, 'utf8')
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as Case)
    : [];

  it.each(['secrets', 'pii'] as const)('finds at least 99 %% of what is labelled: %s', (mode) => {
    const positives = cases.filter((each) => each.mode === mode);
    const missed = positives.filter(({ text_b64, secret_b64 }) => {
      const text = decode(text_b64);
      return !isGone(text, decode(secret_b64 ?? ''), engines[mode].redactText(text, [])?.text);
    });
    expect(missed.length / positives.length, missed.map(({ id, kind }) => `${id} ${kind}`).join(', ')).toBeLessThanOrEqual(0.01);
  });

  it.each(['secrets', 'pii'] as const)('changes at most 1 %% of what is harmless: %s', (mode) => {
    const negatives = cases.filter((each) => each.modes?.includes(mode) === true);
    const changed = negatives.filter(({ text_b64 }) => engines[mode].redactText(decode(text_b64), [])?.text !== decode(text_b64));
    expect(changed.length / negatives.length, changed.map(({ id, kind }) => `${id} ${kind}`).join(', ')).toBeLessThanOrEqual(0.01);
  });

  it('leaves nothing to be found a second time', () => {
    for (const { text_b64, mode = 'secrets' } of cases) {
      const once = engines[mode].redactText(decode(text_b64), []);
      if (once !== undefined) expect(engines[mode].redactText(once.text, [])?.text).toBe(once.text);
    }
  });
});
