import { Injectable } from '@nestjs/common';
import { DiscoveryService } from '@nestjs/core';
import { declaredTables } from '../../../contracts/data-inventory.js';
import { type ExpiringTable, ExpiringTables } from '../../../contracts/expiring-tables.js';
import { assert } from '../../../kernel/assert.js';

/** The expiring tables of all modules, found by their contract: retention knows no owner. */
@Injectable()
export class ExpiringTableRegistry {
  constructor(private readonly discovery: DiscoveryService) {}

  /** Stops at a table that two modules offer, and at one that the inventory declares but nobody offers: it would never be purged. */
  tables(): readonly ExpiringTable[] {
    const owners = new Set(this.discovery.getProviders().flatMap(({ instance }) => (instance instanceof ExpiringTables ? [instance] : [])));
    const tables = [...owners].flatMap((owner) => owner.expiringTables());
    assertComplete(tables);
    return tables;
  }
}

/** Exported for its test. */
export function assertComplete(tables: readonly ExpiringTable[]): void {
  const names = new Set(tables.map((each) => each.table));
  assert(names.size === tables.length, 'an expiring table is offered by one module only');
  for (const { table, retention } of declaredTables()) {
    assert(
      retention.kind !== 'partition_by_expiry' || names.has(table),
      `${table} expires by partition, but no module offers it to retention`,
    );
  }
}
