import { Injectable } from '@nestjs/common';
import { Clock, DAY_MS } from '../../../../kernel/clock.js';
import type { ContentKeyId } from '../../../../kernel/ids.js';
import { Settings } from '../../../../platform/config/settings.js';
import type { AuditActor } from '../../../audit/audit.contract.js';
import { ContentKeyDesk } from './content-key-desk.js';
import { RotateContentKey } from './rotate-content-key.js';

const BATCH = 50;
const ACTOR: AuditActor = { kind: 'system', id: 'rotate-content-keys' };

/** Rotates content keys that have been in use for `LETHE_CONTENT_KEY_DAYS`. */
@Injectable()
export class RotateOldKeys {
  private readonly oldMs: number;

  constructor(
    settings: Settings,
    private readonly desk: ContentKeyDesk,
    private readonly rotate: RotateContentKey,
    private readonly clock: Clock,
  ) {
    this.oldMs = settings.contentKeyDays * DAY_MS;
  }

  /** Answers how many were rotated. A run that was killed is resumed by the next: what is due is read from the rows. Raises `kms/*`. */
  async run(signal: AbortSignal): Promise<number> {
    const before = new Date(this.clock.nowMs() - this.oldMs);
    let rotated = 0;
    for (let after: ContentKeyId | undefined; ; ) {
      const due = await this.desk.unitOfWork.asSystem((tx) => this.desk.keys.inUseSince(tx, before, { after, limit: BATCH }));
      for (const { id, organisationId } of due) {
        if (signal.aborted) return rotated;
        if (await this.rotate.runIfOlder(ACTOR, organisationId, this.oldMs)) rotated += 1;
        after = id;
      }
      if (due.length < BATCH) return rotated;
    }
  }
}
