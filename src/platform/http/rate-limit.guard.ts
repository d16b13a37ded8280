import { applyDecorators, type CanActivate, type ExecutionContext, Injectable, SetMetadata, UseGuards } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import ipaddr from 'ipaddr.js';
import { Clock } from '../../kernel/clock.js';
import { Settings } from '../config/settings.js';
import { ApiProblem } from './access.js';
import { clientAddressReader } from './client-address.js';
import { httpErrors } from './http.errors.js';

const PER_MINUTE = 'lethe:rate_limit';
const MINUTE_MS = 60_000;
/** Addresses remembered; past that the ones not seen for longest are forgotten, which forgives them. */
const MAX_ADDRESSES = 20_000;

/** How much of its allowance an address has left, and when that was so. */
interface Allowance {
  left: number;
  atMs: number;
}

/**
 * Lets an address through at most `perMinute` times a minute to one route, all at once if it likes; the allowance grows back evenly. Per
 * process. For routes that anybody may call without a token.
 */
export function RateLimited(perMinute: number): MethodDecorator {
  return applyDecorators(
    SetMetadata(PER_MINUTE, perMinute),
    UseGuards(RateLimitGuard),
    ApiProblem(429, 'Too many requests from this address (`http/too_many_requests`).'),
  ) as MethodDecorator;
}

@Injectable()
export class RateLimitGuard implements CanActivate {
  private readonly clientAddress: ReturnType<typeof clientAddressReader>;
  private readonly allowances = new Map<string, Allowance>();

  constructor(
    private readonly clock: Clock,
    settings: Settings,
  ) {
    this.clientAddress = clientAddressReader(settings.trustedProxies);
  }

  canActivate(context: ExecutionContext): boolean {
    const handler = context.getHandler();
    const perMinute = Reflect.getMetadata(PER_MINUTE, handler) as number;
    const address = this.clientAddress(context.switchToHttp().getRequest<FastifyRequest>().raw);
    const waitMs = this.take(`${context.getClass().name}.${handler.name} ${networkOf(address)}`, perMinute);
    if (waitMs > 0) throw httpErrors.too_many_requests({ details: { retryAfterSeconds: waitMs / 1_000 } });
    return true;
  }

  /** Takes one request from an allowance; answers how long to wait when there is none left. */
  private take(key: string, perMinute: number): number {
    const nowMs = this.clock.monotonicMs();
    const before = this.allowances.get(key) ?? { left: perMinute, atMs: nowMs };
    const left = Math.min(perMinute, before.left + ((nowMs - before.atMs) * perMinute) / MINUTE_MS);
    // Map order is age.
    this.allowances.delete(key);
    this.allowances.set(key, { left: left >= 1 ? left - 1 : left, atMs: nowMs });
    const [oldest] = this.allowances.keys();
    if (this.allowances.size > MAX_ADDRESSES && oldest !== undefined) this.allowances.delete(oldest);
    return left >= 1 ? 0 : ((1 - left) * MINUTE_MS) / perMinute;
  }
}

/** Whoever has one IPv6 address has the 2⁶⁴ beside it. */
function networkOf(address: string): string {
  if (!address.includes(':')) return address;
  return ipaddr.IPv6.networkAddressFromCIDR(`${address}/64`).toString();
}
