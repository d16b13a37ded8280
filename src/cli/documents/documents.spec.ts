import { Ajv } from 'ajv';
import { describe, expect, it } from 'vitest';
import { networkTrace, type TableDeclaration } from '../../contracts/data-inventory.js';
import type { StoreDeclaration } from '../../contracts/store-inventory.js';
import { declaredSettings } from '../../platform/config/setting.js';
import { Settings } from '../../platform/config/settings.js';
import { configurationDocument } from './configuration.js';
import { dataInventoryDocument } from './data-inventory.js';
import { dataInventoryJson } from './data-inventory-json.js';
import { DATA_INVENTORY_SCHEMA } from './data-inventory-schema.js';

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

describe('docs/data-inventory', () => {
  const table: TableDeclaration = {
    table: 'bullmq.job',
    description: 'Jobs on their way.',
    dataClass: 'operational',
    subject: 'none',
    retention: { kind: 'transient', from: 'finished_at', within: 'P1DT2H' },
    export: 'not_personal',
    erasure: 'expires',
    tenantPolicy: { kind: 'system_only' },
    columns: { id: 'identifier', data: 'technical', finished_at: 'technical' },
  };
  const guest: TableDeclaration = {
    ...table,
    table: 'guest',
    dataClass: 'security_log',
    subject: 'account_holder',
    located: [{ column: 'account_id' }, { subject: 'operator_staff', column: 'host', where: { column: 'kind', is: 'staff' } }],
    retention: { kind: 'window', from: 'came_at' },
    export: { section: 'visits', names: { device: 'browser' }, without: { host: 'is about somebody else' } },
    erasure: { keep: 'legal_claims', reason: 'until the claim is settled' },
    columns: { account_id: 'personal', host: 'personal', kind: 'technical', came_at: 'technical', device: networkTrace('came_at') },
  };
  const store: StoreDeclaration = {
    store: 'outside.mail',
    description: 'The mail server.',
    place: { kind: 'outside', recipient: 'the mail service' },
    dataClasses: ['account_profile'],
    purpose: 'messages',
    subject: 'account_holder',
    located: 'by the address',
    retention: { kind: 'recipient', terms: 'as agreed' },
    export: { withheld: 'the person has the mail' },
    erasure: { ask: 'by the agreement' },
    holds: { address: 'personal' },
  };

  it('D1: says of every table what it holds about whom, why, how long, and what becomes of it', () => {
    const text = dataInventoryDocument([table, guest], [store]);
    expect(text).toContain(
      '| [`bullmq.job`](#bullmqjob) | operational | none | until it is used up; 1 day and 2 hours after `finished_at` at the latest |',
    );
    expect(text).toContain('- Seen by: Lethe itself only');
    expect(text).toContain('- Legal basis: none needed: nothing here is about a person');
    expect(text).toContain(
      '- Found by: `account_id`, the id of the account holder; `host`, the id of the operator staff, where `kind` is `staff`',
    );
    expect(text).toContain('- Kept: as long as the profile says for its class, counted from `came_at`');
    expect(text).toContain('- Export: section `visits`; without `host` (is about somebody else)');
    expect(text).toContain('- Erasure: kept (Art. 17(3)(e) GDPR: legal claims): until the claim is settled');
    expect(text).toContain('| `device` | personal, network trace | `browser` |');
  });

  it('D1: says of every store where it is and what can be done about what is there', () => {
    const text = dataInventoryDocument([table], [store]);
    expect(text).toContain('| [`outside.mail`](#outsidemail) | the mail service | account holder | by its recipient: as agreed |');
    expect(text).toContain('- Erasure: asked of the recipient: by the agreement');
    expect(text).toContain('- Holds: `address` (personal)');
  });

  it('D1: tells programs the same, in a form its schema takes and no other', () => {
    const validate = new Ajv({ allErrors: true, allowUnionTypes: true }).compile(DATA_INVENTORY_SCHEMA);
    const inventory = JSON.parse(dataInventoryJson([table, guest], [store])) as { tables: Record<string, unknown>[] };
    expect([validate(inventory), validate.errors]).toEqual([true, null]);
    expect(inventory.tables[1]).toMatchObject({
      legalBasis: 'legitimate_interests',
      export: { kind: 'section', section: 'visits' },
      erasure: { kind: 'keep', keep: 'legal_claims' },
      columns: expect.arrayContaining([
        { name: 'device', holds: 'personal', dataClass: 'network_trace', since: 'came_at', exportedAs: 'browser' },
      ]),
    });
    const [, spoilt = {}] = inventory.tables;
    spoilt['retention'] = { kind: 'transient', from: 'came_at', within: '12 hours' };
    expect(validate(inventory)).toBe(false);
  });
});
