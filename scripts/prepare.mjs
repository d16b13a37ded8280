// npm runs this after `npm ci` and `npm install`, so that `npm start` and `npx lethe` work at once.
// Plain JavaScript: an install without development dependencies runs it on whatever Node the machine has.
import { spawnSync } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const at = (path) => fileURLToPath(new URL(`../${path}`, import.meta.url));

/** Runs the project's own Node where it is installed; the machine's may be older than Lethe needs. */
const COMMAND = `#!/bin/sh
here="$(dirname "$0")"
if [ -x "$here/node" ]; then exec "$here/node" --expose-gc --min-semi-space-size=32 --max-semi-space-size=32 --minor-gc-task-trigger=90 --heap-growing-percent=55 --no-parallel-scavenge --no-allocation-site-pretenuring --v8-pool-size=2 "$here/../../dist/cli/main.js" "$@"; fi
exec node "$here/../../dist/cli/main.js" "$@"
`;

// npm links the commands of every package except those of the project itself.
if (existsSync(at('node_modules/.bin'))) writeFileSync(at('node_modules/.bin/lethe'), COMMAND, { mode: 0o755 });

if (!existsSync(at('src'))) {
  console.log('prepare: no src folder here (package files only): nothing to build');
} else if (!existsSync(at('node_modules/@nestjs/cli'))) {
  console.log('prepare: installed without development dependencies: dist is left as it is');
} else {
  // `node` is looked up on the PATH npm set, which is this project's own Node 24, not the one npm runs on.
  const { status } = spawnSync('node', [at('node_modules/@nestjs/cli/bin/nest.js'), 'build'], { cwd: at('.'), stdio: 'inherit' });
  process.exitCode = status ?? 1;
}
