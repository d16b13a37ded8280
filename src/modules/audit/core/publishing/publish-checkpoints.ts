import { Injectable } from '@nestjs/common';
import { Clock } from '../../../../kernel/clock.js';
import { AppError } from '../../../../kernel/errors.js';
import { type Tx, UnitOfWork } from '../../../../platform/database/unit-of-work.js';
import { AuditLogTables } from '../../data/audit-log-tables.js';
import type { Checkpoint } from '../log/checkpoint.js';
import type { CheckpointDestination } from './checkpoint-destination.js';
import { CheckpointDestinations } from './checkpoint-destinations.js';

/** Checkpoints one destination is given in one round. */
const ROUND = 50;

/** How a destination's round ended. */
export interface PublishingRound {
  readonly destination: CheckpointDestination;
  readonly published: number;
  readonly failure: unknown;
}

/**
 * Gives every destination the checkpoints it does not have yet, in order. One that is new begins with the newest. What failed is noted
 * down and tried again in the next round; a destination that is away keeps no other waiting.
 */
@Injectable()
export class PublishCheckpoints {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly tables: AuditLogTables,
    private readonly destinations: CheckpointDestinations,
    private readonly clock: Clock,
  ) {}

  run(signal: AbortSignal): Promise<PublishingRound[]> {
    return Promise.all(this.destinations.all.map((destination) => this.serve(destination, signal)));
  }

  private async serve(destination: CheckpointDestination, signal: AbortSignal): Promise<PublishingRound> {
    const due = await this.unitOfWork.asSystem((tx) => this.due(tx, destination));
    let published = 0;
    for (const checkpoint of due) {
      if (signal.aborted) break;
      try {
        await destination.publish(checkpoint, signal);
      } catch (failure) {
        if (signal.aborted) break;
        const code = codeOf(failure);
        await this.unitOfWork.asSystem((tx) => this.tables.checkpoints.failed(tx, destination.id, code, this.clock.now()));
        return { destination, published, failure };
      }
      await this.unitOfWork.asSystem((tx) => this.tables.checkpoints.published(tx, destination.id, checkpoint.size, this.clock.now()));
      published += 1;
    }
    return { destination, published, failure: undefined };
  }

  private async due(tx: Tx, { id }: CheckpointDestination): Promise<Checkpoint[]> {
    const known = (await this.tables.checkpoints.publications(tx)).find(({ destination }) => destination === id);
    if (known !== undefined && known.size > 0) return this.tables.checkpoints.after(tx, known.size, ROUND);
    const newest = await this.tables.checkpoints.latest(tx);
    return newest === null ? [] : [newest];
  }
}

/** What may be stored of a failure: a code, never a message, which could quote an address. */
function codeOf(failure: unknown): string {
  if (failure instanceof AppError) return failure.code;
  if (!(failure instanceof Error)) return 'unknown';
  const { code, cause } = failure as { code?: unknown; cause?: { code?: unknown } };
  return [code, cause?.code].find((each) => typeof each === 'string') ?? failure.name;
}
