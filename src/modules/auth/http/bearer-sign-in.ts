import { Injectable } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { AppError } from '../../../kernel/errors.js';
import { hashSecret } from '../../../kernel/secrets.js';
import { Settings } from '../../../platform/config/settings.js';
import { clientAddressReader } from '../../../platform/http/client-address.js';
import type { Principal } from '../../../platform/http/principal.js';
import { Metrics } from '../../../platform/telemetry/metrics.js';
import { SignInThrottle } from '../core/sign-in-throttle.js';
import { BearerStrategy } from './bearer-strategy.js';

/** Authenticates requests of the control plane. */
@Injectable()
export class BearerSignIn {
  private readonly clientAddress: ReturnType<typeof clientAddressReader>;

  constructor(
    private readonly strategy: BearerStrategy,
    private readonly throttle: SignInThrottle,
    private readonly metrics: Metrics,
    settings: Settings,
  ) {
    this.clientAddress = clientAddressReader(settings.trustedProxies);
  }

  /** Undefined without a token; raises the errors of the authenticators, and `http/too_many_requests` after too many failures. */
  async authenticate(request: FastifyRequest): Promise<Principal | undefined> {
    const { authorization } = request.headers;
    if (authorization === undefined) return undefined;
    const hash = hashSecret(authorization);
    // The framework's own reading of forwarding headers stays off: the data plane's rule is the one for both.
    const address = this.clientAddress(request.raw);
    this.throttle.check(address, hash);
    try {
      const principal = await this.strategy.identify(authorization, address);
      if (principal === undefined) this.refused(address);
      else this.throttle.succeeded(hash);
      return principal;
    } catch (error) {
      if (error instanceof AppError && error.status === 401) this.refused(address);
      throw error;
    }
  }

  private refused(address: string): void {
    this.throttle.failed(address);
    this.metrics.signInFinished('token', 'refused');
  }
}
