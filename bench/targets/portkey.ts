/**
 * `@portkey-ai/gateway` as its package starts it, set up in its favour: production, no console (`--headless`), no plugins, no cache,
 * no retries. It forwards to the address the request's own header names.
 */
import { fileURLToPath } from 'node:url';
import { freePort, listens } from '../ports.ts';
import { startNode } from '../processes.ts';
import type { RunningTarget, TargetContext } from './target.ts';

const script = fileURLToPath(new URL('../node_modules/@portkey-ai/gateway/build/start-server.js', import.meta.url));
const startMs = 30_000;

export async function startPortkey({ upstreamUrl, cores, verbose }: TargetContext): Promise<RunningTarget> {
  const port = await freePort();
  const program = startNode({
    args: [script, `--port=${port}`, '--headless'],
    core: cores?.gateway,
    env: { NODE_ENV: 'production' },
    loud: verbose,
  });
  if (!(await listens(port, startMs))) {
    await program.stop();
    throw new Error(`@portkey-ai/gateway did not start:\n${program.lastWords()}`);
  }
  return {
    url: `http://127.0.0.1:${port}/v1`,
    headers: {
      authorization: 'Bearer sk-upstream',
      'x-portkey-provider': 'openai',
      'x-portkey-custom-host': upstreamUrl,
    },
    model: 'gpt-4o-mini',
    gatewayPids: () => [program.pid],
    sidePids: () => [],
    stop: () => program.stop(),
  };
}
