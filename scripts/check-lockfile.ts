// What `npm ci` needs to work anywhere, cleanly: a decision on every install script and a lock without holes. `--fix` fills holes.
import { readFileSync, writeFileSync } from 'node:fs';
import { type Lockfile, lockfileHoles, type Manifest, undecidedScripts, withoutHoles } from './lockfile-rules.ts';

const manifest = JSON.parse(readFileSync('package.json', 'utf8')) as Manifest;
const lock = JSON.parse(readFileSync('package-lock.json', 'utf8')) as Lockfile;
const undecided = undecidedScripts(manifest, lock);
const holes = lockfileHoles(lock);

for (const name of undecided) console.log(`install-script: ${name}: allow or deny it in package.json, allowScripts`);
if (process.argv.includes('--fix')) {
  writeFileSync('package-lock.json', `${JSON.stringify(withoutHoles(lock, holes), null, 2)}\n`);
  console.log(`${holes.length} holes filled`);
} else {
  for (const { name } of holes) console.log(`lockfile-hole: ${name}: run node scripts/check-lockfile.ts --fix`);
}
process.exitCode = undecided.length > 0 || (holes.length > 0 && !process.argv.includes('--fix')) ? 1 : 0;
