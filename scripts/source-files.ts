import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

const ROOMS = ['src', 'migrations', 'test', 'scripts', 'bench'];
const SKIPPED = new Set(['node_modules', 'dist', 'results']);

/** Every TypeScript file of the project below `root`, as sorted paths relative to it, with forward slashes. */
export function sourceFiles(root: string): string[] {
  return ROOMS.flatMap((room) => filesBelow(root, room)).filter((path) => path.endsWith('.ts') && !path.endsWith('.d.ts'));
}

/** Every file below `folder`, whatever it is; nothing when the folder does not exist. */
function filesBelow(root: string, folder: string): string[] {
  if (!existsSync(join(root, folder))) return [];
  return readdirSync(join(root, folder), { withFileTypes: true })
    .toSorted((a, b) => a.name.localeCompare(b.name, 'en'))
    .flatMap((entry) => {
      if (SKIPPED.has(entry.name)) return [];
      const path = `${folder}/${entry.name}`;
      return entry.isDirectory() ? filesBelow(root, path) : [path];
    });
}
