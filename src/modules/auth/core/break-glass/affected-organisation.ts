import { Injectable } from '@nestjs/common';
import { kernelErrors } from '../../../../kernel/errors.js';
import type { OrganisationId } from '../../../../kernel/ids.js';
import type { Tx } from '../../../../platform/database/unit-of-work.js';
import { Tenants } from '../../../tenants/tenants.contract.js';
import { authErrors } from '../../auth.errors.js';
import type { BreakGlassGrantEntity } from '../../data/break-glass-grant.entity.js';
import { TellOrganisation } from './tell-organisation.js';

/** The customer whose data is to be opened. */
@Injectable()
export class AffectedOrganisation {
  constructor(
    private readonly tenants: Tenants,
    private readonly telling: TellOrganisation,
  ) {}

  /** Raises `lethe/not_found`, and `auth/break_glass_own` for the installation's own. */
  async require(tx: Tx, id: OrganisationId): Promise<void> {
    const organisation = await this.tenants.findOrganisation(tx, id);
    if (organisation === null) throw kernelErrors.not_found();
    if (organisation.kind === 'operator') throw authErrors.break_glass_own();
  }

  tell(tx: Tx, grant: BreakGlassGrantEntity): Promise<void> {
    return this.telling.run(tx, grant);
  }
}
