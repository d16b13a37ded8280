import { applyDecorators, type CanActivate, type ExecutionContext, Injectable, SetMetadata, UseGuards } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { Clock } from '../../kernel/clock.js';
import { Settings } from '../config/settings.js';
import { ApiProblem } from './access.js';
import { Allowances } from './allowances.js';
import { subscriberOf } from './allowed-networks.js';
import { clientAddressReader } from './client-address.js';
import { httpErrors } from './http.errors.js';

const PER_MINUTE = 'lethe:rate_limit';

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
  private readonly allowances: Allowances;

  constructor(clock: Clock, settings: Settings) {
    this.allowances = new Allowances(clock);
    this.clientAddress = clientAddressReader(settings.trustedProxies);
  }

  canActivate(context: ExecutionContext): boolean {
    const handler = context.getHandler();
    const perMinute = Reflect.getMetadata(PER_MINUTE, handler) as number;
    const address = this.clientAddress(context.switchToHttp().getRequest<FastifyRequest>().raw);
    const waitMs = this.allowances.take(`${context.getClass().name}.${handler.name} ${subscriberOf(address)}`, perMinute);
    if (waitMs > 0) throw httpErrors.too_many_requests({ details: { retryAfterSeconds: waitMs / 1_000 } });
    return true;
  }
}
