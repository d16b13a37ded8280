import { fstatSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { startUpstream, type UpstreamOptions } from './server.ts';

const HELP = `The upstream stand-in: an OpenAI-compatible server for tests, the demo and the bench.

  node test/harness/upstream/main.ts [options]

  --port N               port on 127.0.0.1 (default 0: a free one)
  --key KEY              let in only this key; may be repeated (default: every key)
  --key-scenario KEY=S   calls with KEY follow scenario S, e.g. sk-bad=status,status=503; may be repeated
  --model NAME           list this model under /v1/models; may be repeated
  --log FILE             append a JSON line when a call arrives and one when it ends
  --keep-bodies          keep request bodies in memory
  --bench                count calls instead of recording them
  --tokens N             completion tokens of a request that names no limit (default 16)
  --delay-ms D           pause between the events of a stream (default none)
  --seed HEX             first digits of every id (default random)
  --exit-with-parent     exit when stdin closes or the parent process dies
  --help

Prints one line {"url":"http://127.0.0.1:PORT/v1"} once it listens. Scenarios: see README.md beside this file.
`;

function readArguments(): { options: UpstreamOptions; exitWithParent: boolean } {
  const { values } = parseArgs({
    options: {
      port: { type: 'string' },
      key: { type: 'string', multiple: true },
      'key-scenario': { type: 'string', multiple: true },
      model: { type: 'string', multiple: true },
      log: { type: 'string' },
      'keep-bodies': { type: 'boolean' },
      bench: { type: 'boolean' },
      tokens: { type: 'string' },
      'delay-ms': { type: 'string' },
      seed: { type: 'string' },
      'exit-with-parent': { type: 'boolean' },
      help: { type: 'boolean' },
    },
  });
  if (values.help === true) {
    process.stdout.write(HELP);
    process.exit(0);
  }
  const options: UpstreamOptions = {
    port: wholeNumber('--port', values.port),
    keys: values.key,
    keyBehaviours: Object.fromEntries((values['key-scenario'] ?? []).map(keyAndScenario)),
    models: values.model,
    logFile: values.log,
    keepBodies: values['keep-bodies'],
    bench: values.bench,
    tokens: wholeNumber('--tokens', values.tokens),
    delayMs: wholeNumber('--delay-ms', values['delay-ms']),
    seed: values.seed,
  };
  return { options, exitWithParent: values['exit-with-parent'] === true };
}

function wholeNumber(flag: string, text: string | undefined): number | undefined {
  if (text !== undefined && !/^\d+$/.test(text)) throw new Error(`${flag} takes a whole number, not "${text}"`);
  return text === undefined ? undefined : Number(text);
}

function keyAndScenario(pair: string): [string, string] {
  const at = pair.indexOf('=');
  if (at < 1) throw new Error(`--key-scenario takes KEY=SCENARIO, not "${pair}"`);
  return [pair.slice(0, at), pair.slice(at + 1)];
}

// A pipe closes with whoever holds its other end; /dev/null ends at once and says nothing, so it is not listened to.
function watchParent(leave: () => void): void {
  const stdin = fstatSync(0);
  if (stdin.isFIFO() || stdin.isSocket()) process.stdin.resume().once('end', leave).once('error', leave);
  const parent = process.ppid;
  setInterval(() => process.ppid !== parent && leave(), 500).unref();
}

async function main(): Promise<void> {
  const { options, exitWithParent } = readArguments();
  const upstream = await startUpstream(options);
  const leave = (): void => void upstream.close().finally(() => process.exit(0));
  process.once('SIGTERM', leave);
  process.once('SIGINT', leave);
  if (exitWithParent) watchParent(leave);
  process.stdout.write(`${JSON.stringify({ url: upstream.url })}\n`);
}

main().catch((error: unknown) => {
  process.stderr.write(`upstream stand-in: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(1);
});
