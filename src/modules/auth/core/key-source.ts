import { Injectable } from '@nestjs/common';
import { Clock } from '../../../kernel/clock.js';
import type { ApiKeyId } from '../../../kernel/ids.js';
import { UnitOfWork } from '../../../platform/database/unit-of-work.js';
import { ApiKeysRepository } from '../data/api-keys.repository.js';
import type { KeyRow } from './key-book.js';

/** Rows read at once when all keys are read, so that the event loop is never held for long. */
const PAGE = 5_000;

/** The keys of all organisations, as the request path reads them. */
@Injectable()
export class KeySource {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly keys: ApiKeysRepository,
    private readonly clock: Clock,
  ) {}

  /** Keys neither revoked nor expired, newest first, at most `limit`. */
  live(limit: number): Promise<KeyRow[]> {
    const nowMs = this.clock.nowMs();
    return this.unitOfWork.asSystem(async (tx) => {
      const rows: KeyRow[] = [];
      while (rows.length < limit) {
        const size = Math.min(PAGE, limit - rows.length);
        const page = await this.keys.listLive(tx, { before: rows.at(-1)?.id, nowMs, limit: size });
        rows.push(...page);
        if (page.length < size) break;
      }
      return rows;
    });
  }

  one(id: ApiKeyId): Promise<KeyRow | null> {
    return this.unitOfWork.asSystem((tx) => this.keys.findRow(tx, id));
  }

  byHashes(hashes: readonly Buffer[]): Promise<readonly KeyRow[]> {
    return this.unitOfWork.asSystem((tx) => this.keys.findByHashes(tx, hashes));
  }
}
