import type { FindingSink } from './findings.ts';
import { kindOfKey } from './key-names.ts';
import { isSecretValue } from './plausibility.ts';

const HEAD = /insert (?:or \w{4,8} )?into [\w."`[\]]{1,128}\s{0,4}\(([^()]{1,1024})\)\s{1,8}values\s{0,8}/iy;
const ROW = /[\s,]{0,16}\(/y;
/** One value of a row: in quotes, where two of them stand for one, or anything else. */
const VALUE = /\s{0,16}(?:[NEe]?'((?:[^'\n]|''){0,1024})'|[^',()\n]{1,128}(?:\([^()\n]{0,128}\))?)\s{0,4}([,)])/y;
const MOST_ROWS = 200;

/** The rows an SQL statement adds, read by the columns it names. `at` is where it begins. Gives where it was read to. */
export function findInRows(text: string, at: number, sink: FindingSink): number | undefined {
  HEAD.lastIndex = at;
  const head = HEAD.exec(text);
  if (head === null) return undefined;
  const kinds = (head[1] as string).split(',').map((name) => kindOfKey(name.replace(/[\s"'`[\]]/g, '')));
  let end = HEAD.lastIndex;
  for (let row = 0; row < MOST_ROWS; row++) {
    ROW.lastIndex = end;
    if (!ROW.test(text)) return end;
    end = ROW.lastIndex;
    for (let column = 0; column <= kinds.length; column++) {
      VALUE.lastIndex = end;
      const found = VALUE.exec(text);
      if (found === null) return end;
      end = VALUE.lastIndex;
      const [whole, value, stop] = found;
      const kind = kinds[column] ?? 'none';
      if (value !== undefined && kind !== 'cookie' && kind !== 'authorization' && isSecretValue(kind, value, 'quoted')) {
        const start = found.index + whole.indexOf("'") + 1;
        sink.add(start, start + value.length, 'credential');
      }
      if (stop === ')') break;
    }
  }
  return end;
}

const COPY = /copy [\w."]{1,128} \(([^()\n]{1,1024})\) from stdin[^\n]{0,40};\r?\n/iy;
const LONGEST_COPIED = 1024;

/** The same as `pg_dump` writes it: names, and below them lines of tabs. */
export function findCopied(text: string, at: number, sink: FindingSink): number | undefined {
  COPY.lastIndex = at;
  const head = COPY.exec(text);
  if (head === null) return undefined;
  const kinds = (head[1] as string).split(',').map((name) => kindOfKey(name.replace(/[\s"]/g, '')));
  let end = COPY.lastIndex;
  for (let row = 0; row < MOST_ROWS; row++) {
    const window = text.slice(end, end + LONGEST_COPIED);
    const line = window.slice(0, window.search(/\r?\n|$/));
    if (line === '' || line.startsWith('\\.')) return end;
    let place = end;
    for (const [column, value] of line.split('\t', kinds.length).entries()) {
      const kind = kinds[column] ?? 'none';
      if (kind !== 'cookie' && kind !== 'authorization' && isSecretValue(kind, value, 'quoted'))
        sink.add(place, place + value.length, 'credential');
      place += value.length + 1;
    }
    end += line.length + 1;
  }
  return end;
}
