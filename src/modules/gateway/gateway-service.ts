import type { IncomingMessage, ServerResponse } from 'node:http';
import type { CallLedger } from '../usage/usage.contract.js';
import type { DataPlane } from './data-plane.js';
import { Gateway } from './gateway.contract.js';
import type { GatewayPipeline } from './gateway-pipeline.js';
import type { UpstreamPools } from './upstream/upstream-pools.js';

/** {@link Gateway}: the order in which its parts begin and end. */
export class GatewayService extends Gateway {
  constructor(
    private readonly parts: {
      readonly plane: DataPlane;
      readonly pipeline: GatewayPipeline;
      readonly ledger: CallLedger;
      readonly pools: UpstreamPools;
    },
  ) {
    super();
  }

  override start(): Promise<void> {
    return this.parts.ledger.start();
  }

  override claim(request: IncomingMessage, response: ServerResponse): boolean {
    return this.parts.plane.claim(request, response);
  }

  override async stop(graceMs: number): Promise<void> {
    await this.parts.pipeline.stop(graceMs);
    await this.parts.ledger.stop();
    this.parts.pools.close();
  }
}
