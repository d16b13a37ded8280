import type { Redis, Result } from 'ioredis';
import type { RedisPrefix } from '../../../platform/redis/redis-prefixes.js';
import type { Log } from '../../../platform/telemetry/logger.js';
import { type LocalWindowCounters, WINDOW_MS, type WindowCounters, type WindowDecision, type WindowRequest } from './window-counter.js';

/** Time, window and what is left of it, by Redis's own clock: replicas whose clocks disagree still share one minute. */
const NOW = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local window = math.floor(now / ${WINDOW_MS})
local left = ${WINDOW_MS} - now % ${WINDOW_MS}`;

/**
 * The decision of {@link LocalWindowCounters}, made inside Redis so that all replicas count together (peers 6). KEYS: one per limit.
 * ARGV: limit, take per limit. Answers the index of the refusing limit or 0, the window, what is left of it, then use and previous per limit.
 */
const TAKE = `${NOW}
local answer = {0, window, left}
local refused = 0
local used = {}
for i, key in ipairs(KEYS) do
  local current = tonumber(redis.call('GET', key .. ':' .. window) or '0')
  local previous = tonumber(redis.call('GET', key .. ':' .. (window - 1)) or '0')
  used[i] = math.ceil(previous * left / ${WINDOW_MS}) + current
  answer[2 + 2 * i] = used[i]
  answer[3 + 2 * i] = previous
  if refused == 0 and used[i] + tonumber(ARGV[2 * i]) > tonumber(ARGV[2 * i - 1]) then refused = i end
end
answer[1] = refused
if refused == 0 then
  for i, key in ipairs(KEYS) do
    local name = key .. ':' .. window
    redis.call('INCRBY', name, ARGV[2 * i])
    redis.call('PEXPIRE', name, ${2 * WINDOW_MS})
    answer[2 + 2 * i] = used[i] + tonumber(ARGV[2 * i])
  end
end
return answer`;

/** KEYS: the counter. ARGV: the amount, and the window it corrects: an amount given back goes there or nowhere. */
const CORRECT = `${NOW}
local amount = tonumber(ARGV[1])
local name = KEYS[1] .. ':' .. window
if amount < 0 then
  name = KEYS[1] .. ':' .. ARGV[2]
  amount = math.max(amount, -tonumber(redis.call('GET', name) or '0'))
end
if amount ~= 0 then
  redis.call('INCRBY', name, amount)
  if amount > 0 then redis.call('PEXPIRE', name, ${2 * WINDOW_MS}) end
end`;

declare module 'ioredis' {
  interface RedisCommander<Context> {
    letheTake(keyCount: number, ...keysAndLimits: (string | number)[]): Result<number[], Context>;
    letheCorrect(key: string, amount: number, window: number): Result<null, Context>;
  }
}

/** How often a Redis that did not answer is asked whether it does again. */
const PROBE_MS = 500;

/**
 * Counters shared through Redis. When Redis does not answer within its command time-out they degrade to this process's own and say so;
 * from then on no call waits for it, and a probe in the background finds out when it is back.
 */
export class SharedWindowCounters implements WindowCounters {
  private degraded = false;
  private nextProbeMs = 0;

  constructor(
    private readonly redis: Redis,
    private readonly local: LocalWindowCounters,
    private readonly prefix: RedisPrefix,
    private readonly report: { readonly log: Log; readonly degraded: (value: boolean) => void; readonly monotonicMs: () => number },
  ) {
    redis.defineCommand('letheTake', { lua: TAKE });
    redis.defineCommand('letheCorrect', { numberOfKeys: 1, lua: CORRECT });
  }

  take(requests: readonly WindowRequest[]): Promise<WindowDecision> | WindowDecision {
    if (!this.degraded) return this.takeShared(requests);
    this.probe();
    return this.local.take(requests);
  }

  close(): void {
    this.redis.disconnect();
  }

  private async takeShared(requests: readonly WindowRequest[]): Promise<WindowDecision> {
    try {
      const keys = requests.map((request) => this.prefix + request.key);
      const limits = requests.flatMap((request) => [request.limit, request.take]);
      const [refused = 0, window = 0, windowLeftMs = 0, ...figures] = await this.redis.letheTake(keys.length, ...keys, ...limits);
      return {
        refusedBy: refused === 0 ? null : refused - 1,
        states: requests.map((_, index) => ({ used: figures[2 * index] ?? 0, previous: figures[2 * index + 1] ?? 0, windowLeftMs })),
        correct: (key, amount) => this.correct(key, amount, window),
      };
    } catch (error) {
      this.note(true, error);
      return this.local.take(requests);
    }
  }

  private correct(key: string, amount: number, window: number): void {
    if (this.degraded) return;
    this.redis.letheCorrect(this.prefix + key, amount, window).catch((error: unknown) => this.note(true, error));
  }

  private probe(): void {
    const nowMs = this.report.monotonicMs();
    if (nowMs < this.nextProbeMs) return;
    this.nextProbeMs = nowMs + PROBE_MS;
    this.redis.ping().then(
      () => this.note(false),
      () => undefined,
    );
  }

  private note(degraded: boolean, error?: unknown): void {
    if (this.degraded === degraded) return;
    this.degraded = degraded;
    this.report.degraded(degraded);
    if (degraded) this.report.log.warn('Redis does not answer; rate limits count per process', { component: 'rate-limits', err: error });
    else this.report.log.info('Redis answers again; rate limits are shared', { component: 'rate-limits' });
  }
}
