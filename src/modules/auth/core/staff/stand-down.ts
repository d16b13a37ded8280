import { Injectable } from '@nestjs/common';
import type { OperatorId } from '../../../../kernel/ids.js';
import type { Tx } from '../../../../platform/database/unit-of-work.js';
import type { AuditActor } from '../../../audit/audit.contract.js';
import { DutiesRepository } from '../../data/duties.repository.js';
import { CloseBreakGlass } from '../break-glass/close-break-glass.js';

/** Ends what a member of staff has going: no session is on duty as them, and no organisation's data stands open to them. */
@Injectable()
export class StandDown {
  constructor(
    private readonly duties: DutiesRepository,
    private readonly breakGlass: CloseBreakGlass,
  ) {}

  async run(tx: Tx, id: OperatorId, actor: AuditActor): Promise<void> {
    await this.duties.endOf(tx, id);
    await this.breakGlass.closeAllOf(tx, id, actor);
  }

  /** For a role that may not break the glass: what was opened in another one does not stay open. Duty goes on, in the new role. */
  async closeGrants(tx: Tx, id: OperatorId, actor: AuditActor): Promise<void> {
    await this.breakGlass.closeAllOf(tx, id, actor);
  }
}
