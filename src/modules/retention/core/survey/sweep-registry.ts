import { Injectable } from '@nestjs/common';
import { DiscoveryService } from '@nestjs/core';
import { SweptStore, SweptTables } from '../../../../contracts/swept-store.js';
import { assert } from '../../../../kernel/assert.js';

/** What modules sweep by themselves, found by its contract. */
@Injectable()
export class SweepRegistry {
  constructor(private readonly discovery: DiscoveryService) {}

  tables(): readonly SweptTables[] {
    return this.found().filter((each) => each instanceof SweptTables);
  }

  /** What all processes share. */
  stores(): readonly SweptStore[] {
    return this.allStores().filter(({ isOfProcess }) => !isOfProcess);
  }

  /** What this process has to itself. */
  ownStores(): readonly SweptStore[] {
    return this.allStores().filter(({ isOfProcess }) => isOfProcess);
  }

  /** Stops at two stores of one name. */
  private allStores(): readonly SweptStore[] {
    const stores = this.found().filter((each) => each instanceof SweptStore);
    assert(new Set(stores.map(({ store }) => store)).size === stores.length, 'a store is swept by one module only');
    return stores;
  }

  private found(): unknown[] {
    return [...new Set(this.discovery.getProviders().map(({ instance }) => instance as unknown))];
  }
}
