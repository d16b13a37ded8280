import type { OrganisationId } from '../../kernel/ids.js';
import type { Tx } from '../../platform/database/unit-of-work.js';
import type { Principal } from '../../platform/http/principal.js';

/** Who did it: an authenticated caller, or Lethe itself (a job, the first-run bootstrap, the command line). */
export type AuditActor = Pick<Principal, 'kind' | 'id'> | { readonly kind: 'system'; readonly id: string };

/**
 * One thing that happened. `action` is `<noun>.<past participle>`, such as `api_key.revoked`. `detail` holds ids, enums, numbers
 * and names of changed fields: never personal data, content or a secret, because an audit row outlives them (peers 34).
 */
export interface AuditEntry {
  readonly actor: AuditActor;
  readonly action: `${string}.${string}`;
  readonly organisationId: OrganisationId | null;
  readonly target: { readonly type: string; readonly id: string };
  readonly detail?: Readonly<Record<string, string | number | boolean | null | readonly string[]>>;
}

/**
 * The append-only audit log (O6). An entry commits with the change it tells of, or neither does.
 * Every entry becomes a leaf of the transparency log.
 */
export abstract class AuditLog {
  abstract record(tx: Tx, entry: AuditEntry): Promise<void>;
}
