import { type FieldError, invalidRequest } from '../../../kernel/errors.js';
import { SERVICE_KEY_SCOPES } from '../../../platform/http/permissions.js';
import { canonicalNetwork } from '../../../platform/http/allowed-networks.js';
import type { NewApiKey } from '../auth.contract.js';

type KeyFields = Pick<NewApiKey, 'scopes' | 'expiresAt' | 'allowedNetworks'>;

/** What a key is to have, in the form it is kept in. Raises `lethe/invalid_request` that names every field that is wrong. */
export function checkedKeyFields(fields: KeyFields, now: Date): KeyFields {
  const scopes = [...new Set(fields.scopes)].sort();
  const networks = fields.allowedNetworks.map(canonicalNetwork);
  const errors = [...scopeErrors(scopes), ...expiryErrors(fields.expiresAt, now), ...networkErrors(networks)];
  if (errors.length > 0) throw invalidRequest(errors);
  return { scopes, expiresAt: fields.expiresAt, allowedNetworks: [...new Set(networks.filter((network) => network !== undefined))] };
}

function scopeErrors(scopes: readonly string[]): FieldError[] {
  const known: readonly string[] = SERVICE_KEY_SCOPES;
  const valid = scopes.length > 0 && scopes.every((scope) => known.includes(scope));
  return valid ? [] : [{ field: 'scopes', message: `must be one or more of ${known.join(', ')}` }];
}

function expiryErrors(expiresAt: Date | null, now: Date): FieldError[] {
  return expiresAt === null || expiresAt > now ? [] : [{ field: 'expiresAt', message: 'must lie in the future' }];
}

function networkErrors(networks: readonly (string | undefined)[]): FieldError[] {
  return networks.flatMap((network, index) =>
    network === undefined
      ? [{ field: `allowedNetworks[${index}]`, message: 'must be an address or a CIDR block, such as "10.0.0.0/8" or "2001:db8::/32"' }]
      : [],
  );
}
