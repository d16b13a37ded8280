import { readFileSync } from 'node:fs';
import { contentErrors } from '../../content.errors.js';
import { OperatorPatterns } from './operator-patterns.js';

/**
 * The operator's own patterns: one a line, empty lines and those that begin with `#` left out. None without a file. Raises
 * `content/invalid_patterns`, which names the line and never quotes it.
 */
export function readPatterns(path: string | undefined): readonly string[] {
  if (path === undefined) return [];
  const lines = readLines(path).map((text, index) => ({ text: text.trim(), number: index + 1 }));
  const patterns = lines.filter(({ text }) => text !== '' && !text.startsWith('#'));
  const fault = OperatorPatterns.compile(patterns.map(({ text }) => text));
  if (fault instanceof OperatorPatterns) return patterns.map(({ text }) => text);
  const at = patterns[fault.index];
  const line = at === undefined ? '' : ` (line ${at.number})`;
  throw contentErrors.invalid_patterns({ message: `LETHE_REDACTION_PATTERNS takes ${fault.message}${line}.` });
}

function readLines(path: string): string[] {
  try {
    return readFileSync(path, 'utf8').split(/\r?\n/);
  } catch (cause) {
    throw contentErrors.invalid_patterns({ message: 'LETHE_REDACTION_PATTERNS names a file that cannot be read.', cause });
  }
}
