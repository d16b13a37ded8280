import { Injectable } from '@nestjs/common';
import { UnitOfWork } from '../../../../platform/database/unit-of-work.js';
import type { Publication } from '../../data/audit-checkpoints.repository.js';
import { AuditLogTables } from '../../data/audit-log-tables.js';
import { CheckpointDestinations } from '../publishing/checkpoint-destinations.js';
import type { Checkpoint } from './checkpoint.js';

/** How the log stands. */
export interface LogState {
  readonly size: number;
  readonly newest: Checkpoint | null;
  /** When the oldest event happened that no checkpoint covers; null when all are covered. */
  readonly uncoveredSince: Date | null;
  /** The key that signed last. */
  readonly verifierKey: string | null;
  readonly destinations: readonly { readonly kind: string; readonly id: string; readonly publication: Publication | null }[];
}

/** For people who look after the log: `lethe doctor` and `lethe audit-log show`. */
@Injectable()
export class ReadLogState {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly tables: AuditLogTables,
    private readonly destinations: CheckpointDestinations,
  ) {}

  run(): Promise<LogState> {
    return this.unitOfWork.asSystem(async (tx) => {
      const newest = await this.tables.checkpoints.latest(tx);
      const [key] = await this.tables.checkpoints.keys(tx);
      const publications = new Map((await this.tables.checkpoints.publications(tx)).map((each) => [each.destination, each]));
      return {
        size: await this.tables.sequence.size(tx),
        newest,
        uncoveredSince: await this.tables.sequence.oldestUncovered(tx, newest?.size ?? 0),
        verifierKey: key?.verifierKey ?? null,
        destinations: this.destinations.all.map(({ kind, id }) => ({ kind, id, publication: publications.get(id) ?? null })),
      };
    });
  }
}
