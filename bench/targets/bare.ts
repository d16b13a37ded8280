/** The bare node:http + undici proxy of `../bare-proxy.ts`. */
import { fileURLToPath } from 'node:url';
import { startNode } from '../processes.ts';
import type { RunningTarget, TargetContext } from './target.ts';

const script = fileURLToPath(new URL('../bare-proxy.ts', import.meta.url));

export async function startBare({ upstreamUrl, cores, verbose }: TargetContext): Promise<RunningTarget> {
  const program = startNode({ args: [script, '--upstream', new URL(upstreamUrl).origin], core: cores?.gateway, loud: verbose });
  const { url } = await program.firstJsonLine();
  return {
    url: `${String(url)}/v1`,
    headers: { authorization: 'Bearer sk-upstream' },
    model: 'gpt-4o-mini',
    gatewayPids: () => [program.pid],
    sidePids: () => [],
    stop: () => program.stop(),
  };
}
