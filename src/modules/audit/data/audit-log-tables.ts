import { Injectable } from '@nestjs/common';
import { AuditCheckpointsRepository } from './audit-checkpoints.repository.js';
import { AuditEntriesRepository } from './audit-entries.repository.js';
import { AuditSequenceRepository } from './audit-sequence.repository.js';
import { AuditTilesRepository } from './audit-tiles.repository.js';

/** The repositories of the transparency log, which are used together. */
@Injectable()
export class AuditLogTables {
  constructor(
    readonly sequence: AuditSequenceRepository,
    readonly tiles: AuditTilesRepository,
    readonly checkpoints: AuditCheckpointsRepository,
    readonly entries: AuditEntriesRepository,
  ) {}
}
