import { Injectable } from '@nestjs/common';
import { ScopeOwner } from '../../../contracts/scope-owner.js';
import type { OrganisationId } from '../../../kernel/ids.js';
import type { Tx } from '../../../platform/database/unit-of-work.js';

/** Says which API keys an organisation has, so that usage can put limits on one without reading this module's rows. */
@Injectable()
export class KeyScopeOwner extends ScopeOwner {
  readonly scope = 'key';

  override async owns(tx: Tx, organisationId: OrganisationId, id: string): Promise<boolean> {
    const [row] = await tx.query<{ owned: boolean }[]>(
      'SELECT EXISTS (SELECT FROM api_key WHERE organisation_id = $1 AND id = $2 AND revoked_at IS NULL) AS owned',
      [organisationId, id],
    );
    return row?.owned === true;
  }
}
