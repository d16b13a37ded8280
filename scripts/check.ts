// `npm run check`: every `check:*` script of package.json, two at a time; a check's output is shown when it fails.
// `npm run check lint style` runs only those.
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { delimiter, resolve } from 'node:path';

interface Check {
  readonly name: string;
  readonly command: string;
}

interface Outcome {
  readonly name: string;
  readonly passed: boolean;
  readonly output: string;
  readonly seconds: number;
}

const AT_ONCE = 2;
const PREFIX = 'check:';
const manifest = JSON.parse(readFileSync('package.json', 'utf8')) as { scripts: Record<string, string> };
const checks = Object.entries(manifest.scripts)
  .filter(([script]) => script.startsWith(PREFIX))
  .map(([script, command]): Check => ({ name: script.slice(PREFIX.length), command }));

const wanted = process.argv.slice(2);
const unknown = wanted.filter((name) => !checks.some((check) => check.name === name));
if (unknown.length > 0) throw new Error(`no such check: ${unknown.join(', ')}; there are ${checks.map((each) => each.name).join(', ')}`);

const queue = checks.filter((check) => wanted.length === 0 || wanted.includes(check.name));
const outcomes = (await Promise.all(Array.from({ length: AT_ONCE }, () => worker()))).flat();
const failed = outcomes.filter((each) => !each.passed);
console.log(failed.length === 0 ? `all ${outcomes.length} checks pass` : `failed: ${failed.map((each) => each.name).join(', ')}`);
process.exitCode = failed.length > 0 ? 1 : 0;

async function worker(): Promise<Outcome[]> {
  const done: Outcome[] = [];
  for (let check = queue.shift(); check; check = queue.shift()) {
    const outcome = await run(check);
    console.log(`${outcome.passed ? 'pass' : 'FAIL'}  ${outcome.name.padEnd(10)} ${outcome.seconds.toFixed(1)} s`);
    if (!outcome.passed) console.log(outcome.output.trimEnd().replace(/^/gm, '      '));
    done.push(outcome);
  }
  return done;
}

function run({ name, command }: Check): Promise<Outcome> {
  const started = performance.now();
  const path = `${resolve('node_modules/.bin')}${delimiter}${process.env['PATH'] ?? ''}`;
  const child = spawn(command, { shell: true, stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, PATH: path } });
  let output = '';
  const take = (piece: Buffer): void => void (output += piece.toString());
  child.stdout.on('data', take);
  child.stderr.on('data', take);
  return new Promise((settle, fail) => {
    child.on('error', fail);
    child.on('close', (code) => settle({ name, passed: code === 0, output, seconds: (performance.now() - started) / 1000 }));
  });
}
