import { type View, ViewBuilder } from './view.ts';

const SIMPLE: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '\r', b: '\b', f: '\f', '"': '"', '\\': '\\', '/': '/' };

/**
 * The text of a JSON string that stands in `source` from `start` to `end`, without its quotes and with at least one
 * backslash. What is no escape stays as it is.
 */
export function decodeJsonString(source: string, start: number, end: number): View {
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
