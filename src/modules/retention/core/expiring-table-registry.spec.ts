import { describe, expect, it } from 'vitest';
import { declareTable } from '../../../contracts/data-inventory.js';
import { assertComplete } from './expiring-table-registry.js';

const shape = { window: { shortestDays: 1, longestDays: 1 }, writtenAt: null, organisation: null } as const;

describe('the registry of expiring tables', () => {
  it('stops at a table that two modules offer', () => {
    const table = { table: 'twice', ...shape };
    expect(() => assertComplete([table, table])).toThrow(/by one module only/);
  });

  it('peers 16: stops at a table that the inventory declares as expiring and nobody would purge', () => {
    declareTable({
      table: 'forgotten',
      description: 'A table whose owner told the inventory, but not retention.',
      dataClass: 'operational',
      subject: 'none',
      retention: { kind: 'partition_by_expiry', column: 'expires_on' },
      export: 'not_personal',
      erasure: 'expires',
      tenantPolicy: { kind: 'system_only' },
      columns: { expires_on: 'technical' },
    });
    expect(() => assertComplete([])).toThrow(/forgotten expires by partition/);
    expect(() => assertComplete([{ table: 'forgotten', ...shape }])).not.toThrow();
  });
});
