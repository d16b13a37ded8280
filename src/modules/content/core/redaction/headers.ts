/**
 * The request headers a kept copy may show, by name; every other is dropped without being looked at. None of them identifies a person
 * or carries a credential, and what their values hold is scanned all the same.
 */
const KEPT = new Set([
  'accept',
  'accept-encoding',
  'anthropic-beta',
  'anthropic-version',
  'content-encoding',
  'content-length',
  'content-type',
  'openai-beta',
  'traceparent',
  'x-lethe-retention',
  'x-request-id',
  'x-stainless-lang',
  'x-stainless-package-version',
  'x-stainless-retry-count',
  'x-stainless-runtime',
]);

const LONGEST_VALUE = 512;

export function keptHeaders(headers: Readonly<Record<string, string>>): Record<string, string> {
  const kept: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers)) {
    const lower = name.toLowerCase();
    if (KEPT.has(lower) && value.length <= LONGEST_VALUE) kept[lower] = value;
  }
  return kept;
}
