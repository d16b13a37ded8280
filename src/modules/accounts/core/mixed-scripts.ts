/** Scripts whose letters pass for another's. One that is not listed is told apart only by being none of these. */
const SCRIPTS = [
  'Latin',
  'Cyrillic',
  'Greek',
  'Armenian',
  'Hebrew',
  'Arabic',
  'Georgian',
  'Cherokee',
  'Coptic',
  'Devanagari',
  'Bengali',
  'Tamil',
  'Telugu',
  'Kannada',
  'Malayalam',
  'Thai',
  'Lao',
  'Khmer',
  'Ethiopic',
  'Tifinagh',
  'Lisu',
  'Han',
  'Hiragana',
  'Katakana',
  'Hangul',
  'Bopomofo',
] as const; // prettier-ignore

type Script = (typeof SCRIPTS)[number];

const EXPRESSIONS: readonly (readonly [Script, RegExp])[] = SCRIPTS.map((script) => [script, new RegExp(`\\p{Script=${script}}`, 'u')]);
const LISTED_OR_NEUTRAL = new RegExp(
  `^[\\p{Script=Common}\\p{Script=Inherited}${SCRIPTS.map((script) => `\\p{Script=${script}}`).join('')}]*$`,
  'u',
);

/** Writing systems that use several scripts at once, each also with Latin (UTS #39 §5.2, "highly restrictive"). */
const TOGETHER: readonly ReadonlySet<Script>[] = [
  new Set(['Latin', 'Han', 'Hiragana', 'Katakana']),
  new Set(['Latin', 'Han', 'Bopomofo']),
  new Set(['Latin', 'Han', 'Hangul']),
];

/**
 * Whether a name mixes scripts in a way no language does, such as `pаypal` with a Cyrillic letter in it: the usual way of passing for somebody
 * else. Digits, marks and punctuation belong to all scripts.
 */
export function mixesScripts(text: string): boolean {
  const used = EXPRESSIONS.filter(([, expression]) => expression.test(text)).map(([script]) => script);
  if (!LISTED_OR_NEUTRAL.test(text)) return used.length > 0;
  return used.length > 1 && !TOGETHER.some((system) => used.every((script) => system.has(script)));
}
