// One of everything that is sealed under a wrapped key: how its module binds it, and what stands in its table beside it.
import { randomUUID } from 'node:crypto';
import type { EnvelopeContext } from '../../src/platform/kms/envelope.ts';
import type { KeyContext } from '../../src/platform/kms/key-context.ts';

export type Row = Readonly<Record<string, unknown>>;

/** Tables of envelopes. Bound otherwise than its module does, a row would not open for the module's own job. */
export const CONTEXTS: Readonly<Record<string, (row: Row) => EnvelopeContext>> = {
  provider_credential: (row) => ({
    what: 'credential',
    row: { organisation: String(row['organisation_id']), credential: String(row['id']), version: String(row['version']) },
  }),
  identity_provider: (row) => ({
    what: 'identity-provider',
    row: { organisation: 'installation', provider: String(row['id']), version: String(row['secret_version']) },
  }),
  external_grant: (row) => ({ what: 'external-grant', row: { identity: String(row['identity_id']), version: String(row['version']) } }),
  totp_factor: (row) => ({ what: 'totp', row: { account: String(row['account_id']), factor: String(row['id']) } }),
  notification_key: (row) => ({ what: 'notifications', row: { key: String(row['id']) } }),
  end_user_key: (row) => ({ what: 'end_users', row: { key: String(row['id']) } }),
};

/** Of the table that wraps its keys without an envelope. */
export function contentKeyContext(row: Row): KeyContext {
  return { purpose: 'lethe/content-key/1', organisation: String(row['organisation_id']), version: String(row['version']) };
}

/** Which row it is. */
export function nameOf(table: string, row: Row): string {
  return `${table} ${String(row['id'] ?? row['identity_id'])}`;
}

/** What an organisation, a person and the provider they sign in with leave in each table, but for what is sealed. */
export function household(number: number): Readonly<Record<string, Row>> {
  const [organisation, account, provider, identity] = [randomUUID(), randomUUID(), randomUUID(), randomUUID()];
  const now = new Date();
  const dated = { created_at: now, updated_at: now };
  return {
    organisation: { id: organisation, slug: `o-${organisation}`, name: 'Acme', kind: 'customer', status: 'active', ...dated },
    account: { id: account, locale: 'en', status: 'active', ...dated },
    provider_credential: {
      id: randomUUID(),
      organisation_id: organisation,
      name: `c-${number}`,
      provider: 'openai',
      version: 1,
      hint: '',
      status: 'active',
      ...dated,
    },
    content_key: { id: randomUUID(), organisation_id: organisation, version: 1, created_at: now },
    totp_factor: { id: randomUUID(), account_id: account, last_step: 0, created_at: now, confirmed_at: now },
    identity_provider: {
      id: provider,
      kind: 'oidc',
      name: `p-${number}`,
      status: 'active',
      connection: {},
      settings: {},
      secret_version: 1,
      secret_hint: '',
      ...dated,
    },
    external_identity: { id: identity, provider_id: provider, subject: 's', account_id: account, vip: false, refreshed_at: now },
    external_grant: { identity_id: identity, version: 1, refresh_at: now },
  };
}
