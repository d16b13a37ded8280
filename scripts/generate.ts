// Writes openapi.json and the generated pages of docs/ anew. `npm run check` runs it into a temporary folder and compares.
import { spawnSync } from 'node:child_process';
import { GENERATED, generator } from './generated-files.ts';

const { status } = spawnSync(process.execPath, [...generator, '--out', process.argv[2] ?? '.'], { stdio: 'inherit' });
if (status === 0 && process.argv[2] === undefined) console.log(`written: ${GENERATED.join(', ')}`);
process.exitCode = status ?? 1;
