import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

const sources = readdirSync('src', { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile() && entry.name.endsWith('.ts') && !entry.name.endsWith('.spec.ts'))
  .map((entry) => join(entry.parentPath, entry.name))
  .map((path) => ({ path, text: readFileSync(path, 'utf8') }));

/** Files in which `pattern` occurs. */
function filesWith(pattern: RegExp, files: readonly { readonly path: string; readonly text: string }[] = sources): string[] {
  return files
    .filter(({ text }) => pattern.test(text))
    .map(({ path }) => path)
    .sort();
}

const OPENER = /\bopenContent\b/;
const ROLE = /\.withContent\(|\blethe_content\b/;

describe('C7: there is one way to read content', () => {
  it('only the use-case that asks for a purpose and writes it down opens what was sealed', () => {
    expect(filesWith(OPENER)).toEqual([
      'src/modules/content/core/keeping/sealed-content.ts',
      'src/modules/content/core/reading/read-content.ts',
    ]);
  });

  it('C3: only the content module takes on the role that reaches it', () => {
    const outside = filesWith(ROLE).filter((path) => !path.startsWith('src/modules/content/'));
    expect(outside).toEqual([
      'src/cli/doctor/examine-database.ts',
      'src/platform/database/roles.ts',
      'src/platform/database/typeorm-unit-of-work.ts',
      'src/platform/database/unit-of-work.ts',
    ]);
  });

  it('both are seen when somebody adds another', () => {
    const planted = [
      { path: 'src/modules/usage/peek.ts', text: 'await unitOfWork.withContent(tx, (content) => openContent(key, sealed, context));' },
    ];
    expect([filesWith(OPENER, planted), filesWith(ROLE, planted)]).toEqual([['src/modules/usage/peek.ts'], ['src/modules/usage/peek.ts']]);
  });
});
