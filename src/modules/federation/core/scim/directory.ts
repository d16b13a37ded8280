import type { OrganisationId, ScimTokenId } from '../../../../kernel/ids.js';
import type { AuditActor } from '../../../audit/audit.contract.js';

/** The directory of one organisation, proven by its token. */
export interface Directory {
  readonly organisationId: OrganisationId;
  readonly tokenId: ScimTokenId;
}

/** Who the audit log names for what a directory does. */
export function directoryActor({ tokenId }: Directory): AuditActor {
  return { kind: 'system', id: `scim-token:${tokenId}` };
}
