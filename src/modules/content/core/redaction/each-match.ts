/**
 * Every match of a global pattern. `matchAll` copies the pattern each time it is asked, which costs more than most searches here: two
 * dozen patterns over a short piece of text. Not to be nested for one pattern.
 */
export function eachMatch(pattern: RegExp, text: string, visit: (found: RegExpExecArray) => void): void {
  pattern.lastIndex = 0;
  for (let found = pattern.exec(text); found !== null; found = pattern.exec(text)) {
    if (found[0] === '') pattern.lastIndex++;
    visit(found);
  }
}
