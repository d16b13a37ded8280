// What the torture's clients ask for: short and long answers, streams, retries, failovers, and clients that hang up.
import type { Cluster, ClusterTenant, Price } from '../harness/cluster.ts';
import type { Plan } from '../harness/load.ts';

/** The key of an upstream that is always down; a route leads there first. */
const BAD_KEY = 'sk-upstream-down';
export const STAND_IN = ['--key-scenario', `${BAD_KEY}=status,status=503`];

/** Uneven figures, so that a rounding anywhere shows. */
const PRICE: Price = {
  inputPerMillion: '3.170003',
  cachedInputPerMillion: '0.310007',
  outputPerMillion: '15.930011',
  perRequest: '0.000000000007',
};

const QUICK = 'plain';
const DRIP = 'scenario:drip,delayMs=12';
const SLOW = 'scenario:slow-headers,headerDelayMs=120';
const CACHED = 'scenario:cached';
const PIECES = 'scenario:pieces,delayMs=2';
const FAILOVER = 'failover';
/** Answers 500 however often it is tried: no charge. */
const BROKEN = 'scenario:status,status=500';

export const PRICES: Readonly<Record<string, Price>> = Object.fromEntries(
  [QUICK, DRIP, SLOW, CACHED, PIECES, FAILOVER, BROKEN].map((model) => [model, PRICE]),
);

/** Adds the route whose first target is down. */
export async function addFailoverRoute(cluster: Cluster, tenant: ClusterTenant): Promise<void> {
  const down = await cluster.credential(tenant.organisationId, BAD_KEY);
  const targets = [{ credentialId: down }, { credentialId: tenant.credentialId }];
  await cluster.ask('POST', `/organisations/${tenant.organisationId}/routes`, { model: FAILOVER, targets });
  await cluster.settled();
}

/** The next call of a client, at random. */
export function anyPlan(): Plan {
  const maxTokens = 1 + Math.floor(Math.random() * 40);
  const dice = Math.random();
  if (dice < 0.3) return { model: QUICK, stream: Math.random() < 0.5, maxTokens };
  if (dice < 0.5) return { model: DRIP, stream: true, maxTokens };
  if (dice < 0.6) return { model: DRIP, stream: true, maxTokens: 40, leaveAfterMs: Math.random() * 300 };
  if (dice < 0.7) return { model: SLOW, stream: false, maxTokens };
  if (dice < 0.78) return { model: CACHED, stream: Math.random() < 0.5, maxTokens };
  if (dice < 0.86) return { model: PIECES, stream: true, maxTokens };
  if (dice < 0.96) return { model: FAILOVER, stream: Math.random() < 0.5, maxTokens };
  return { model: BROKEN, stream: Math.random() < 0.5, maxTokens };
}

/** The part of the mix that every gateway can carry to its end: no failures, and nobody hangs up. */
export function goodPlan(): Plan {
  const maxTokens = 1 + Math.floor(Math.random() * 20);
  const dice = Math.random();
  if (dice < 0.5) return { model: QUICK, stream: Math.random() < 0.5, maxTokens };
  if (dice < 0.75) return { model: DRIP, stream: true, maxTokens };
  return { model: FAILOVER, stream: Math.random() < 0.5, maxTokens };
}
