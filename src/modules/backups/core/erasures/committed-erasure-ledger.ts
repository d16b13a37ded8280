import { Injectable } from '@nestjs/common';
import { type Erasure, ErasureLedger } from '../../../../contracts/erasure-ledger.js';
import { Outbox } from '../../../../contracts/outbox.js';
import { assert } from '../../../../kernel/assert.js';
import { Clock, utcDayAfter } from '../../../../kernel/clock.js';
import { newId } from '../../../../kernel/ids.js';
import type { Tx } from '../../../../platform/database/unit-of-work.js';
import { ErasuresRepository } from '../../data/erasures.repository.js';
import { BackupWindows } from '../backup-windows.js';

/** Published with every record, so that its copy is made at once. */
export const ERASURE_RECORDED_TOPIC = 'backups.erasure-recorded';

const KIND = /^[a-z][a-z_]{0,49}\.[a-z][a-z_]{0,49}$/;
/** Longer text would be a person's words. */
const LONGEST_VALUE = 200;

/** Writes the record as a row of the caller's transaction, with an event that has it copied. */
@Injectable()
export class CommittedErasureLedger extends ErasureLedger {
  constructor(
    private readonly erasures: ErasuresRepository,
    private readonly windows: BackupWindows,
    private readonly outbox: Outbox,
    private readonly clock: Clock,
  ) {
    super();
  }

  override async record(tx: Tx, { kind, subjectId, detail = {} }: Erasure): Promise<void> {
    assert(KIND.test(kind), `"${kind}" is no kind of erasure`);
    assert([subjectId, ...Object.values(detail).flat()].every(isShort), `an erasure is recorded in ids, enums and numbers (${kind})`);
    const nowMs = this.clock.nowMs();
    // As long as a backup from before it may be restored: one taken a moment ago, to the end of its last day.
    const expiresOn = utcDayAfter(nowMs, this.windows.days('data'));
    await this.erasures.append(tx, { id: newId(), expiresOn, kind, subjectId, detail, recordedAt: new Date(nowMs) });
    await this.outbox.publish(tx, { topic: ERASURE_RECORDED_TOPIC, payload: {} });
  }
}

function isShort(value: unknown): boolean {
  if (typeof value === 'string') return value.length <= LONGEST_VALUE;
  return value === null || typeof value === 'boolean' || Number.isFinite(value);
}
