import { type View, ViewBuilder } from './view.ts';

const SIMPLE: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '\r', b: '\b', f: '\f', '"': '"', '\\': '\\', '/': '/' };

/** Shorter ones are sooner taken from the source than read. */
const SHORT = 64;

/** A JSON string as it reads. The way back is looked for where something was found, which is seldom. */
class JsonString implements View {
  readonly text: string;
  private readonly source: string;
  private readonly start: number;
  private readonly end: number;
  private way: readonly number[] | undefined;

  constructor(text: string, source: string, start: number, end: number) {
    this.text = text;
    this.source = source;
    this.start = start;
    this.end = end;
  }

  get origins(): readonly number[] {
    this.way ??= decodeLeniently(this.source, this.start, this.end).origins;
    return this.way;
  }
}

/**
 * The text of a JSON string that stands in `source` from `start` to `end`, without its quotes. What is no escape stays as it is. A long one is no part of
 * `source` in memory: the engine looks up each character of a part in two steps, and keeps all of a text in two bytes a character because of one.
 */
export function decodeJsonString(source: string, start: number, end: number, escaped: boolean): View {
  if (!escaped && end - start < SHORT) return { text: source.slice(start, end), origins: [0, start] };
  try {
    const text: unknown = JSON.parse(source.slice(start - 1, end + 1));
    if (typeof text === 'string') return new JsonString(text, source, start, end);
  } catch {
    // Control characters, escapes JSON does not know, a string that is cut off.
  }
  return decodeLeniently(source, start, end);
}

function decodeLeniently(source: string, start: number, end: number): View {
  let escape = source.indexOf('\\', start);
  const view = new ViewBuilder();
  let kept = start;
  while (escape >= 0 && escape < end) {
    view.copy(source.slice(kept, escape), kept);
    const width = source[escape + 1] === 'u' ? 6 : 2;
    const code = width === 6 ? Number.parseInt(source.slice(escape + 2, escape + 6), 16) : Number.NaN;
    const character = width === 6 ? (Number.isNaN(code) ? undefined : String.fromCharCode(code)) : SIMPLE[source[escape + 1] ?? ''];
    kept = Math.min(escape + (character === undefined ? 2 : width), end);
    view.decode(character ?? source.slice(escape, kept), escape, kept);
    escape = source.indexOf('\\', kept);
  }
  view.copy(source.slice(kept, end), kept);
  return view.build();
}
