// The house rules no linter knows: names, roles, places, barrels, READMEs, time, errors. Rules and reasons: style-rules.ts.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { sourceFiles } from './source-files.ts';
import { moduleBreaches, pathBreaches, textBreaches } from './style-rules.ts';

const root = process.argv[2] ?? '.';
const read = (path: string): string => readFileSync(join(root, path), 'utf8');
const paths = sourceFiles(root);
const breaches = [
  ...paths.flatMap((path) => [...pathBreaches(path), ...textBreaches(path, read(path))]),
  ...moduleBreaches(paths, (path) => (existsSync(join(root, path)) ? read(path) : undefined)),
];

for (const { rule, path, message } of breaches) console.log(`${rule}: ${path}: ${message}`);
process.exitCode = breaches.length > 0 ? 1 : 0;
