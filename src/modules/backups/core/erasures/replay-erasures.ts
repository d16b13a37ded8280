import { Injectable } from '@nestjs/common';
import pg from 'pg';
import { Clock, utcDay } from '../../../../kernel/clock.js';
import { Settings } from '../../../../platform/config/settings.js';
import { DatabaseAddress } from '../../../../platform/database/database-address.js';
import { UnitOfWork } from '../../../../platform/database/unit-of-work.js';
import { Log } from '../../../../platform/telemetry/logger.js';
import { AuditLog } from '../../../audit/audit.contract.js';
import { RestoredDatabase } from '../../backups.contract.js';
import { backupsErrors } from '../../backups.errors.js';
import { type ErasureRow, ErasuresRepository } from '../../data/erasures.repository.js';
import { InstallationRepository, type InstallationRow } from '../../data/installation.repository.js';
import { BACKUPS_ACTOR } from '../backup-catalogue.js';
import { ErasureCopies } from './erasure-copies.js';
import { Replayers } from './replayers.js';

/** Any number that nobody else locks on: of replicas that start together one replays and the others wait. */
const REPLAY_LOCK = 7_215_883_006;

/**
 * Does erasures again that this database does not know of (D4, D5). The copies in the blob store are compared with the database at each start, so a
 * database that was brought back by other means than `lethe restore` is put right too. Run before anything is served.
 */
@Injectable()
export class ReplayErasures extends RestoredDatabase {
  constructor(
    private readonly address: DatabaseAddress,
    private readonly unitOfWork: UnitOfWork,
    private readonly erasures: ErasuresRepository,
    private readonly installations: InstallationRepository,
    private readonly copies: ErasureCopies,
    private readonly replayers: Replayers,
    private readonly audit: AuditLog,
    private readonly settings: Settings,
    private readonly clock: Clock,
    private readonly log: Log,
  ) {
    super();
  }

  /**
   * On a database that `lethe restore` has made every failure stops the start. On any other a blob store that is away does not: it is then logged, and
   * looked at again at the next start.
   */
  override async putRight(): Promise<void> {
    const { replayDue } = await this.unitOfWork.asSystem((tx) => this.installations.read(tx));
    // A gateway alone has no business with the blob store, and a process beside it looks.
    if (!replayDue && !this.settings.roles.some((role) => role !== 'gateway')) return;
    try {
      await this.run();
    } catch (error) {
      if (replayDue) throw error;
      this.log.error('the erasure ledger beside the database could not be compared with it', { component: 'backups', err: error });
    }
  }

  /** Raises `backups/no_replayer`, `backups/damaged`, `blob/*` and `kms/*`. */
  async run(): Promise<number> {
    return this.alone(async () => {
      const state = await this.unitOfWork.asSystem((tx) => this.installations.read(tx));
      const replayed = await this.replay(await this.unknown(state.installation));
      if (state.replayDue) await this.settle(state, replayed);
      if (replayed > 0) this.log.warn('did erasures again that this database did not know of', { component: 'backups', count: replayed });
      return replayed;
    });
  }

  /** Records of copies that this database has not made, in the order they were recorded. */
  private async unknown(installation: string): Promise<{ readonly record: ErasureRow; readonly key: string }[]> {
    const known = await this.unitOfWork.asSystem((tx) => this.erasures.copies(tx));
    const found: { record: ErasureRow; key: string }[] = [];
    const today = utcDay(this.clock.nowMs());
    for await (const { key, lastDay } of this.copies.list(installation)) {
      // Past their last day no backup from before them can be restored.
      if (known.has(key) || lastDay < today) continue;
      const records = await this.copies.read(key);
      const ids = records.map(({ id }) => id);
      const there = await this.unitOfWork.asSystem((tx) => this.erasures.known(tx, ids));
      found.push(...records.filter(({ id }) => !there.has(id)).map((record) => ({ record, key })));
    }
    return found.sort((a, b) => (a.record.id < b.record.id ? -1 : 1));
  }

  private async replay(records: readonly { readonly record: ErasureRow; readonly key: string }[]): Promise<number> {
    const replayers = this.replayers.byKind();
    const missing = records.find(({ record }) => !replayers.has(record.kind));
    if (missing) throw backupsErrors.no_replayer({ details: { kind: missing.record.kind } });
    for (const { record, key } of records) {
      await this.unitOfWork.asSystem(async (tx) => {
        // The same record may be in two copies.
        if ((await this.erasures.known(tx, [record.id])).has(record.id)) return;
        await replayers.get(record.kind)?.replay(tx, record);
        await this.erasures.append(tx, record, key);
      });
    }
    return records.length;
  }

  private settle({ restoredBackup }: InstallationRow, replayed: number): Promise<void> {
    return this.unitOfWork.asSystem(async (tx) => {
      await this.installations.replayed(tx);
      await this.audit.record(tx, {
        actor: BACKUPS_ACTOR,
        action: 'backup.restored',
        organisationId: null,
        target: { type: 'backup', id: restoredBackup ?? '' },
        detail: { replayed },
      });
    });
  }

  /** On a session of its own: a replica that dies lets go of the lock with it. */
  private async alone<T>(work: () => Promise<T>): Promise<T> {
    const client = new pg.Client({
      connectionString: this.address.url,
      application_name: 'lethe',
      options: '-c role=lethe_system',
      connectionTimeoutMillis: 10_000,
    });
    client.on('error', () => undefined);
    try {
      await client.connect();
      await client.query('SELECT pg_advisory_lock($1)', [REPLAY_LOCK]);
      return await work();
    } finally {
      await client.end().catch(() => undefined);
    }
  }
}
