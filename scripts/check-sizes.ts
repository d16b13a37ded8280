// Sizes: a file ≤ 400 lines, a function ≤ 70, ≤ 4 parameters. Exceptions sit in ratchet.json, which may only shrink.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { oversizes, type Ratchet, ratchetFailures } from './size-rules.ts';
import { sourceFiles } from './source-files.ts';

const root = process.argv[2] ?? '.';
const ratchet = JSON.parse(readFileSync(join(root, 'ratchet.json'), 'utf8')) as Ratchet;
const found = sourceFiles(root).flatMap((path) => oversizes(path, readFileSync(join(root, path), 'utf8')));
const failures = ratchetFailures(found, ratchet);

for (const failure of failures) console.log(failure);
process.exitCode = failures.length > 0 ? 1 : 0;
