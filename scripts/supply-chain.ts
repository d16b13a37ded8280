// `npm run supply-chain [FILE]`: the bill of materials of what ships (CycloneDX, S3), and whether a package in it has a known hole. Where the registry cannot
// be asked it says so; a hole of severity high or critical fails.
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { auditVerdict } from './advisory-rules.ts';

function npm(...args: readonly string[]): { readonly ok: boolean; readonly output: string } {
  const { status, stdout } = spawnSync('npm', args, { encoding: 'utf8', maxBuffer: 256 * 1024 * 1024 });
  return { ok: status === 0, output: stdout };
}

const [file = 'sbom.cdx.json'] = process.argv.slice(2);
const bill = npm('sbom', '--sbom-format', 'cyclonedx', '--omit', 'dev');
if (bill.ok) {
  writeFileSync(file, bill.output);
  const { components } = JSON.parse(bill.output) as { components: readonly unknown[] };
  console.log(`bill of materials: ${components.length} packages in ${file}`);
} else {
  console.error('bill of materials: npm could not write it; run `npm ci` first');
}
const verdict = auditVerdict(npm('audit', '--json', '--omit', 'dev').output);
if (verdict.kind === 'not_asked') console.log(`known holes: not asked: ${verdict.why}`);
else
  for (const line of verdict.refused.length > 0 ? verdict.refused : ['none of severity high or critical'])
    console.log(`known holes: ${line}`);
process.exitCode = bill.ok && (verdict.kind === 'not_asked' || verdict.refused.length === 0) ? 0 : 1;
