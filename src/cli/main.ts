#!/usr/bin/env node
// Imports nothing of Lethe before it has looked at the Node it runs on: the rest needs a newer one than many machines have.
import { fileURLToPath } from 'node:url';

const OLDEST_NODE = 24;

if (Number.parseInt(process.versions.node, 10) < OLDEST_NODE) {
  process.stderr.write(
    `lethe: Lethe needs Node ${OLDEST_NODE} and this is ${process.version}; "npx lethe" in its folder uses the one it brings.\n`,
  );
  process.exitCode = 1;
} else {
  const { enableCompileCache } = await import('node:module');
  // Halves the start. Not in the default place, a folder in /tmp whose name anybody could take first.
  enableCompileCache(fileURLToPath(new URL('../../node_modules/.cache/lethe', import.meta.url)));
  const { runCommandLine } = await import('./command-line.js');
  process.exitCode = await runCommandLine(process.argv);
}
