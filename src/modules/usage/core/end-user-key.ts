import { createHmac } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { stringify } from 'uuid';
import type { OrganisationId } from '../../../kernel/ids.js';
import { InstallationKey, KeySurroundings } from '../../../platform/kms/installation-key.js';
import { KeyManagementService } from '../../../platform/kms/key-management-service.js';
import { EndUserKeyEntity } from '../data/end-user-key.entity.js';
import type { EndUserId, EndUsers } from '../usage.contract.js';
import { usageErrors } from '../usage.errors.js';

const UUID_BYTES = 16;
const RETRY_AFTER_SECONDS = 5;

/** {@link EndUsers} under the installation's own key. */
@Injectable()
export class EndUserKey extends InstallationKey implements EndUsers {
  constructor(kms: KeyManagementService, around: KeySurroundings) {
    super({ entity: EndUserKeyEntity, what: 'end_users', component: 'usage' }, kms, around);
  }

  /** A UUIDv8 (RFC 9562 §5.8): the first bits of HMAC-SHA256 over the organisation's id, which is always 36 characters long, and the name. */
  idOf(organisationId: OrganisationId, name: string): EndUserId {
    if (this.key === null) throw usageErrors.end_users_not_ready({ details: { retryAfterSeconds: RETRY_AFTER_SECONDS } });
    const bytes = createHmac('sha256', this.key)
      .update(organisationId + name, 'utf8')
      .digest()
      .subarray(0, UUID_BYTES);
    bytes[6] = ((bytes[6] as number) & 0x0f) | 0x80;
    bytes[8] = ((bytes[8] as number) & 0x3f) | 0x80;
    return stringify(bytes) as EndUserId;
  }
}
