import { Injectable } from '@nestjs/common';
import { Clock } from '../../../../kernel/clock.js';
import { UnitOfWork } from '../../../../platform/database/unit-of-work.js';
import type { AuditActor } from '../../../audit/audit.contract.js';
import type { ApiKeyRef, ApiKeySummary } from '../../auth.contract.js';
import { AuditedBlocks } from './audited-blocks.js';
import { TellOfKey } from './tell-of-key.js';

/** Blocks a key by the operator's decision, also one that is blocked already: from then on only the operator releases it. */
@Injectable()
export class BlockKey {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly blocks: AuditedBlocks,
    private readonly telling: TellOfKey,
    private readonly clock: Clock,
  ) {}

  /** Every replica refuses it within a second. Raises `auth/key_not_found` and `auth/key_revoked`. */
  run(ref: ApiKeyRef, actor: AuditActor): Promise<ApiKeySummary> {
    return this.unitOfWork.asSystem(async (tx) => {
      const key = await this.blocks.require(tx, ref);
      if (key.blockedReason === 'operator') return key;
      const blocked = await this.blocks.block(tx, key, { reason: 'operator', at: this.clock.now() }, actor);
      await this.telling.run(tx, 'key_blocked', key, 'operator');
      return blocked;
    });
  }
}
