/** No gateway: the load generator talks to the upstream. Every added latency is relative to this. */
import type { RunningTarget, TargetContext } from './target.ts';

export async function startDirect({ upstreamUrl }: TargetContext): Promise<RunningTarget> {
  return {
    url: upstreamUrl,
    headers: { authorization: 'Bearer sk-upstream' },
    model: 'gpt-4o-mini',
    gatewayPids: () => [],
    sidePids: () => [],
    stop: async () => undefined,
  };
}
