import { describe, expect, it } from 'vitest';
import type { TableDeclaration } from '../../contracts/data-inventory.js';
import { declaredSettings } from '../../platform/config/setting.js';
import { Settings } from '../../platform/config/settings.js';
import { configurationDocument } from './configuration.js';
import { dataInventoryDocument } from './data-inventory.js';

describe('docs/configuration.md', () => {
  const text = configurationDocument(declaredSettings(), new Settings());

  it('has every setting once, with its default', () => {
    for (const { env } of declaredSettings()) expect(text.split(`\n| \`${env}\` |`)).toHaveLength(2);
    expect(text).toContain('| `LETHE_PORT` | integer | `8080` |');
    expect(text).toContain('| `LETHE_ROLES` | list | `api,gateway,worker` |');
  });

  it('marks what may come from a file', () => {
    expect(text).toContain('| `DATABASE_URL` | string, *secret* | embedded |');
  });
});

describe('docs/data-inventory.md', () => {
  const table: TableDeclaration = {
    table: 'bullmq.job',
    description: 'Jobs on their way.',
    dataClass: 'operational',
    subject: 'none',
    retention: { kind: 'transient', from: 'id', within: 'P3D' },
    export: 'not_personal',
    erasure: 'expires',
    tenantPolicy: { kind: 'system_only' },
    columns: { id: 'identifier', data: 'technical' },
  };

  it('D1: says of every table what it holds, how long, and what becomes of it', () => {
    const text = dataInventoryDocument([table]);
    expect(text).toContain('| [`bullmq.job`](#bullmqjob) | operational | none | until it is used up; at most 3 days from `id` |');
    expect(text).toContain('- Seen by: Lethe itself only');
    expect(text).toContain('| `data` | technical |');
  });
});
