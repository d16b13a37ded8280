import type { Behaviour } from './behaviour.ts';

// Lengths of the pieces, in bytes, used in turn: short enough to cut every line, odd enough to fall inside characters.
const PIECES = [7, 1, 13, 2, 29, 5, 3];

/** Adds the comment and changes the line ends that a behaviour asks for. */
export function dressed(text: string, { comment, eol }: Behaviour): string {
  const lines = comment === undefined ? text : `: ${comment}\n\n${text}`;
  if (eol === 'crlf') return lines.replaceAll('\n', '\r\n');
  return eol === 'cr' ? lines.replaceAll('\n', '\r') : lines;
}

/** Cuts one event into the writes that carry it. `pieces` always also cuts inside each multi-byte character. */
export function cutUp(bytes: Buffer, split: 'pieces' | 'byte'): Buffer[] {
  const parts: Buffer[] = [];
  let start = 0;
  let turn = 0;
  for (let at = 1; at <= bytes.length; at += 1) {
    const due = split === 'byte' || at - start >= PIECES[turn % PIECES.length]!;
    const insideCharacter = at < bytes.length && bytes[at - 1]! >= 0xc0;
    if (!due && !insideCharacter && at < bytes.length) continue;
    parts.push(bytes.subarray(start, at));
    start = at;
    turn += 1;
  }
  return parts;
}
