import type { CredentialView } from '../credentials.contract.js';
import type { CredentialRow } from '../data/provider-credential.entity.js';

/** Names each field that may be seen, so that a new column is hidden until someone decides otherwise (K2). */
export function toCredentialView(row: CredentialRow): CredentialView {
  return {
    id: row.id,
    organisationId: row.organisationId,
    name: row.name,
    provider: row.provider,
    baseUrl: row.baseUrl,
    status: row.status,
    version: row.version,
    hint: row.hint,
    createdAt: row.createdAt,
    updatedAt: row.updatedAt,
  };
}
