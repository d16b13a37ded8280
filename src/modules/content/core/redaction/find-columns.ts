import { isIn } from './character-classes.ts';
import type { FindingSink } from './findings.ts';
import { kindOfKey } from './key-names.ts';
import { isSecretValue } from './plausibility.ts';

const LONGEST_LINE = 1024;
const MOST_ROWS = 200;
const MOST_COLUMNS = 64;
const LONGEST_CELL_MARGIN = 16;
const SEPARATORS = ['|', '│', '\t', ',', ';', '&'] as const;
const ENDS_CELL = `\n\\${SEPARATORS.join('')}`;
const AROUND = /^[\s"'`*]*|[\s"'`*\\]*$/g;
const RULE = /^[\s|+:\u2500-\u257f-]{3,}$/;

/** Whether a name is a cell of its own: nothing but quotes and spaces between it and separators or the ends of its line. */
export function isCell(text: string, start: number, end: number): boolean {
  let after = end;
  while (after - end < LONGEST_CELL_MARGIN && ' "\'`*\r'.includes(text[after] ?? '-')) after++;
  if (!ENDS_CELL.includes(text[after] ?? '-')) return false;
  let before = start - 1;
  // Words of the name that the trigger does not reach, as in `API secret`, may stand before it.
  while (start - before < 48 && before >= 0 && (isIn(text, before, 'word') || ' "\'`*'.includes(text[before] as string))) before--;
  return before < 0 || ENDS_CELL.includes(text[before] as string);
}

/** A table below its head: how its lines are cut up, and the column that is looked at. */
interface Column {
  readonly separator: string;
  readonly cells: number;
  readonly index: number;
  readonly kind: ReturnType<typeof kindOfKey>;
}

/**
 * The column below a name in the head of a table: CSV, Markdown, what database clients print. `start`…`end` is the name. Stops at the
 * next head, so that a text of nothing but heads is read once.
 */
export function findColumn(text: string, start: number, end: number, sink: FindingSink): void {
  const before = text.slice(Math.max(0, start - LONGEST_LINE), start);
  // A table may be all that a string of JSON holds.
  const string = /^[^]*["}\w]: ?"(?=["\w])/.exec(before.slice(before.lastIndexOf('\n') + 1));
  const lineStart = start - before.length + before.lastIndexOf('\n') + 1 + (string?.[0].length ?? 0);
  const length = text.slice(end, end + LONGEST_LINE).indexOf('\n');
  if (length < 0) return;
  const column = columnOf(text.slice(lineStart, end + length), start - lineStart);
  if (column === undefined) return;
  let at = end + length + 1;
  for (let row = 0; row < MOST_ROWS && at < text.length; row++) {
    const window = text.slice(at, at + LONGEST_LINE);
    const newline = window.indexOf('\n');
    const line = newline < 0 ? window : window.slice(0, newline);
    if (!RULE.test(line) && !findCell(line, at, column, sink)) return;
    if (newline < 0) return;
    at += line.length + 1;
  }
}

function columnOf(line: string, place: number): Column | undefined {
  const separator = SEPARATORS.find((each) => line.includes(each));
  if (separator === undefined || /[=(){}]/.test(line)) return undefined;
  const index = line.slice(0, place).split(separator).length - 1;
  const heads = line.split(separator, MOST_COLUMNS);
  // Lines of one word and a comma are a list.
  if (separator === ',' && heads.filter((head) => head.trim() !== '').length < 2) return undefined;
  const name = (heads[index] ?? '').replace(AROUND, '');
  const kind = /^[\w .-]{2,64}$/.test(name) ? kindOfKey(name.replaceAll(' ', '_')) : 'none';
  if (kind === 'none' || kind === 'cookie' || kind === 'authorization') return undefined;
  return { separator, cells: heads.length, index, kind };
}

/** False where the table ends. */
function findCell(line: string, offset: number, { separator, cells, index, kind }: Column, sink: FindingSink): boolean {
  const values = line.split(separator, MOST_COLUMNS);
  const raw = values[index] ?? '';
  const value = raw.replace(AROUND, '');
  if (values.length !== cells || (/^[a-z_ ]+$/i.test(value) && kindOfKey(value) !== 'none')) return false;
  if (isSecretValue(kind, value, kind === 'password' ? 'assigned' : 'loose')) {
    const place = offset + values.slice(0, index).join(separator).length + (index > 0 ? 1 : 0) + raw.indexOf(value);
    sink.add(place, place + value.length, 'credential');
  }
  return true;
}
