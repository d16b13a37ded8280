import { IsIn, IsInt, IsOptional, Max, Min } from 'class-validator';
import { IsNetwork } from './is-network.js';
import { Setting } from './setting.js';

/** How large and how long a call through the gateway may be. */
export class CallSettings {
  @Setting({ section: 'Calls', env: 'LETHE_MAX_BODY_BYTES', kind: 'integer', description: 'Largest request body the data plane takes.' })
  @IsInt()
  @Min(1024)
  maxBodyBytes = 33_554_432;

  @Setting({
    section: 'Calls',
    env: 'LETHE_MAX_ANSWER_BYTES',
    kind: 'integer',
    description: 'Largest non-streaming answer taken from an upstream.',
  })
  @IsInt()
  @Min(1024)
  maxAnswerBytes = 67_108_864;

  @Setting({
    section: 'Calls',
    env: 'LETHE_MAX_INFLIGHT_CALLS',
    kind: 'integer',
    description: 'Calls one process carries at a time; more get 503 with Retry-After.',
  })
  @IsInt()
  @Min(1)
  maxInflightCalls = 4096;

  @Setting({ section: 'Calls', env: 'LETHE_REQUEST_BODY_MS', kind: 'integer', description: 'Time a client has to send its request body.' })
  @IsInt()
  @Min(100)
  requestBodyMs = 30_000;

  @Setting({ section: 'Calls', env: 'LETHE_UPSTREAM_CONNECT_MS', kind: 'integer', description: 'Time to connect to an upstream.' })
  @IsInt()
  @Min(10)
  upstreamConnectMs = 5_000;

  @Setting({
    section: 'Calls',
    env: 'LETHE_UPSTREAM_FIRST_BYTE_MS',
    kind: 'integer',
    description: 'Time to the first content of an answer before the attempt is given up.',
  })
  @IsInt()
  @Min(10)
  upstreamFirstByteMs = 120_000;

  @Setting({ section: 'Calls', env: 'LETHE_UPSTREAM_IDLE_MS', kind: 'integer', description: 'Longest silence inside an answer.' })
  @IsInt()
  @Min(10)
  upstreamIdleMs = 60_000;

  @Setting({
    section: 'Calls',
    env: 'LETHE_CALL_TOTAL_MS',
    kind: 'integer',
    description: 'Longest a call may take, all attempts together.',
  })
  @IsInt()
  @Min(100)
  callTotalMs = 900_000;

  @Setting({
    section: 'Calls',
    env: 'LETHE_MAX_ATTEMPTS',
    kind: 'integer',
    description: 'Most attempts one call makes over all targets of its route.',
  })
  @IsInt()
  @Min(1)
  @Max(10)
  maxAttempts = 3;

  @Setting({
    section: 'Calls',
    env: 'LETHE_ON_CLIENT_DISCONNECT',
    description: '`abort` cancels the upstream and bills what was measured; `drain` reads the answer to its end and bills the true count.',
  })
  @IsIn(['abort', 'drain'])
  onClientDisconnect: 'abort' | 'drain' = 'abort';

  @Setting({
    section: 'Calls',
    env: 'LETHE_DEFAULT_MAX_OUTPUT_TOKENS',
    kind: 'integer',
    description: 'Output tokens a budget hold assumes for a call that names no maximum.',
  })
  @IsInt()
  @Min(1)
  defaultMaxOutputTokens = 4096;

  @Setting({
    section: 'Calls',
    env: 'LETHE_UPSTREAM_PRIVATE_NETWORKS',
    kind: 'list',
    description: 'CIDR blocks an upstream base URL may point into although they are not public. Everything else private is refused (SSRF).',
    defaultText: '`127.0.0.0/8,::1/128` in development, none in production',
  })
  @IsOptional()
  @IsNetwork({ each: true })
  upstreamPrivateNetworks?: string[];
}
