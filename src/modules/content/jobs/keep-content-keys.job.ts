import { Injectable } from '@nestjs/common';
import { RecurringJob } from '../../../contracts/recurring-job.js';
import { RewrapContentKeys } from '../core/keys/rewrap-content-keys.js';
import { RotateOldKeys } from '../core/keys/rotate-old-keys.js';

/** Follows a rotation of the root key, and rotates keys by their age. Costs two queries when there is nothing to do. */
@Injectable()
export class KeepContentKeysJob extends RecurringJob {
  override readonly name = 'content.keep-keys';
  override readonly everySeconds = 900;

  constructor(
    private readonly rewrap: RewrapContentKeys,
    private readonly rotate: RotateOldKeys,
  ) {
    super();
  }

  /** A part that fails fails the round, and does not keep the others from their work. */
  override async run(signal: AbortSignal): Promise<void> {
    const ends = await Promise.allSettled([this.rewrap.run(signal), this.rotate.run(signal)]);
    const failed = ends.find((end) => end.status === 'rejected');
    if (failed) throw failed.reason;
  }
}
