import { RE2JS } from 're2js';
import type { FindingSink } from './findings.ts';

const MOST_PATTERNS = 32;
const LONGEST_PATTERN = 256;
/** Of the compiled program, so that `(a{100}){100}` is refused however short it is written. */
const LARGEST_PROGRAM = 4000;

/** Why a pattern cannot be taken, without quoting it: it may itself describe a secret. */
export interface PatternFault {
  readonly index: number;
  readonly message: string;
}

/** Patterns of the operator's own, by RE2's engine: no back-references, no look-around, and a time linear in the text. */
export class OperatorPatterns {
  private readonly compiled: readonly RE2JS[];

  private constructor(compiled: readonly RE2JS[]) {
    this.compiled = compiled;
  }

  static compile(sources: readonly string[]): OperatorPatterns | PatternFault {
    if (sources.length > MOST_PATTERNS) return { index: MOST_PATTERNS, message: `at most ${MOST_PATTERNS} patterns` };
    const compiled: RE2JS[] = [];
    for (const [index, source] of sources.entries()) {
      const pattern = source.length > LONGEST_PATTERN ? undefined : compile(source);
      if (pattern === undefined)
        return {
          index,
          message: `a pattern of RE2's syntax, of at most ${LONGEST_PATTERN} characters and no more than its program may hold`,
        };
      if (pattern.matches('') || pattern.matcher('').find()) return { index, message: 'a pattern that needs at least one character' };
      compiled.push(pattern);
    }
    return new OperatorPatterns(compiled);
  }

  scan(text: string, sink: FindingSink): void {
    for (const pattern of this.compiled) {
      const matcher = pattern.matcher(text);
      while (matcher.find()) if (matcher.end() > matcher.start()) sink.add(matcher.start(), matcher.end(), 'pattern');
    }
  }
}

function compile(source: string): RE2JS | undefined {
  try {
    const pattern = RE2JS.compile(source);
    return pattern.programSize() <= LARGEST_PROGRAM ? pattern : undefined;
  } catch {
    return undefined;
  }
}
