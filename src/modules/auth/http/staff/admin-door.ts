import type { IncomingMessage } from 'node:http';
import { Injectable } from '@nestjs/common';
import type { FastifyInstance } from 'fastify';
import { kernelErrors } from '../../../../kernel/errors.js';
import type { OperatorId } from '../../../../kernel/ids.js';
import { Settings } from '../../../../platform/config/settings.js';
import { isAdminRoute, isByAdminListener } from '../../../../platform/http/admin-listener.js';
import { AllowedNetworks } from '../../../../platform/http/allowed-networks.js';
import { clientAddressReader } from '../../../../platform/http/client-address.js';
import { authErrors } from '../../auth.errors.js';
import { RefusedOperators } from '../../core/staff/refused-operators.js';

/** Where operators may come from: `LETHE_ADMIN_NETWORKS` and `LETHE_ADMIN_LISTEN` (A4). */
@Injectable()
export class AdminDoor {
  private readonly networks: AllowedNetworks | null;
  private readonly hasOwnListener: boolean;
  private readonly clientAddress: ReturnType<typeof clientAddressReader>;

  constructor(
    settings: Settings,
    private readonly refused: RefusedOperators,
  ) {
    this.networks = settings.adminNetworks.length === 0 ? null : new AllowedNetworks(settings.adminNetworks);
    this.hasOwnListener = settings.adminListen !== undefined;
    this.clientAddress = clientAddressReader(settings.trustedProxies);
  }

  /**
   * Guards the prefix before anything of a request is read, whoever it is from. Where there is an admin listener, the public one answers as if
   * there were no `/admin`.
   */
  attach(server: FastifyInstance): void {
    server.addHook('onRequest', async ({ routeOptions, raw }) => {
      if (!isAdminRoute(routeOptions.url)) return;
      if (this.isWrongListener(raw)) throw kernelErrors.not_found();
      if (!this.isAllowedNetwork(raw)) throw await this.networkRefusal(null);
    });
  }

  /** Whether an operator may act by this request, wherever it goes. Raises `auth/admin_listener_only` and `auth/admin_network_refused`. */
  async require(request: IncomingMessage, operator: OperatorId): Promise<void> {
    if (this.isWrongListener(request)) {
      await this.refused.note(operator, 'listener');
      throw authErrors.admin_listener_only();
    }
    if (!this.isAllowedNetwork(request)) throw await this.networkRefusal(operator);
  }

  private isWrongListener(request: IncomingMessage): boolean {
    return this.hasOwnListener && !isByAdminListener(request);
  }

  private isAllowedNetwork(request: IncomingMessage): boolean {
    return this.networks === null || this.networks.includes(this.clientAddress(request));
  }

  private async networkRefusal(operator: OperatorId | null): Promise<Error> {
    await this.refused.note(operator, 'network');
    return authErrors.admin_network_refused();
  }
}
