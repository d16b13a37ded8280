import { Injectable } from '@nestjs/common';
import { ErasureReplayer, type RecordedErasure } from '../../../../contracts/erasure-ledger.js';
import { Clock } from '../../../../kernel/clock.js';
import type { OrganisationId } from '../../../../kernel/ids.js';
import { type Tx, UnitOfWork } from '../../../../platform/database/unit-of-work.js';
import { ContentKeysRepository } from '../../data/content-keys.repository.js';
import { KEY_DESTROYED } from './erased-keys.js';

/** Destroys again what was destroyed after the backup that was restored (D4): the worker takes it off the disk. */
@Injectable()
export class ReplayKeyDestruction extends ErasureReplayer {
  override readonly kind = KEY_DESTROYED;

  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly keys: ContentKeysRepository,
    private readonly clock: Clock,
  ) {
    super();
  }

  override async replay(tx: Tx, { subjectId, detail }: RecordedErasure): Promise<void> {
    const organisationId = subjectId as OrganisationId;
    // The transaction is the system's, and content is reached by organisation.
    await tx.query(`SELECT set_config('lethe.organisation_id', $1, true)`, [organisationId]);
    await this.unitOfWork.withContent(tx, (content) =>
      this.keys.destroy(content, organisationId, [Number(detail.version)], this.clock.now()),
    );
  }
}
