// openapi.json and the generated docs are those the code gives today. Builds first: the generator is part of the command line.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { generator, staleFiles } from './generated-files.ts';

const out = mkdtempSync(join(tmpdir(), 'lethe-generated-'));
const read = (folder: string) => (path: string) => (existsSync(join(folder, path)) ? readFileSync(join(folder, path), 'utf8') : undefined);

try {
  const { status, stdout, stderr } = spawnSync(process.execPath, [...generator, '--out', out], { encoding: 'utf8' });
  const stale = status === 0 ? staleFiles(read('.'), read(out)) : [];
  if (status !== 0) console.log(`the generator failed:\n${stdout}${stderr}`);
  for (const path of stale) console.log(`stale: ${path}: run npm run generate and commit the result`);
  process.exitCode = status !== 0 || stale.length > 0 ? 1 : 0;
} finally {
  rmSync(out, { recursive: true, force: true });
}
