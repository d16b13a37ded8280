import { Injectable, type OnModuleInit } from '@nestjs/common';
import { DiscoveryService } from '@nestjs/core';
import { ErasureReplayer } from '../../../../contracts/erasure-ledger.js';
import { assert } from '../../../../kernel/assert.js';

/** Who does which kind of erasure again. Two for one kind stop the start-up. */
@Injectable()
export class Replayers implements OnModuleInit {
  constructor(private readonly discovery: DiscoveryService) {}

  onModuleInit(): void {
    this.byKind();
  }

  byKind(): ReadonlyMap<string, ErasureReplayer> {
    const replayers = new Map<string, ErasureReplayer>();
    const found = this.discovery.getProviders().flatMap(({ instance }) => (instance instanceof ErasureReplayer ? [instance] : []));
    for (const replayer of new Set(found)) {
      assert(!replayers.has(replayer.kind), `${replayer.kind} is done again in one place only`);
      replayers.set(replayer.kind, replayer);
    }
    return replayers;
  }
}
