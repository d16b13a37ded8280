// The audit log and the transparency log over it, on a database of a test's own, without the application around them.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { DataSource } from 'typeorm';
import { type Clock, SystemClock } from '../../src/kernel/clock.js';
import type { OrganisationId } from '../../src/kernel/ids.js';
import type { AuditEntry } from '../../src/modules/audit/audit.contract.js';
import { CommittedAuditLog } from '../../src/modules/audit/core/committed-audit-log.js';
import { CheckpointSigner } from '../../src/modules/audit/core/log/checkpoint-signer.js';
import { ExportBundle } from '../../src/modules/audit/core/log/export-bundle.js';
import { LogKey } from '../../src/modules/audit/core/log/log-key.js';
import { ReadProofs } from '../../src/modules/audit/core/log/read-proofs.js';
import { SequenceEvents } from '../../src/modules/audit/core/log/sequence-events.js';
import { SignCheckpoint } from '../../src/modules/audit/core/log/sign-checkpoint.js';
import { SignedMemory } from '../../src/modules/audit/core/log/signed-memory.js';
import { AuditCheckpointsRepository } from '../../src/modules/audit/data/audit-checkpoints.repository.js';
import { AuditEntriesRepository } from '../../src/modules/audit/data/audit-entries.repository.js';
import { AuditEventEntity } from '../../src/modules/audit/data/audit-event.entity.js';
import { AuditEventsRepository } from '../../src/modules/audit/data/audit-events.repository.js';
import { AuditLogTables } from '../../src/modules/audit/data/audit-log-tables.js';
import { AuditSequenceRepository } from '../../src/modules/audit/data/audit-sequence.repository.js';
import { AuditTilesRepository } from '../../src/modules/audit/data/audit-tiles.repository.js';
import { Settings } from '../../src/platform/config/settings.js';
import { sessionAs } from '../../src/platform/database/roles.js';
import { TypeOrmUnitOfWork } from '../../src/platform/database/typeorm-unit-of-work.js';
import { fixedWindows } from './windows.js';

export interface AuditLogOptions {
  readonly clock?: Clock;
  readonly settings?: Partial<Settings>;
  /** Where the worker keeps its key and its memory; a folder of its own unless told. */
  readonly directory?: string;
}

/** An event that says nothing in particular. */
function anyEntry(organisationId: OrganisationId | null, changes: Partial<AuditEntry> = {}): AuditEntry {
  const actor = { kind: 'system', id: 'test' } as const;
  return { actor, action: 'thing.changed', organisationId, target: { type: 'thing', id: 't1' }, detail: { fields: ['name'] }, ...changes };
}

/** One process's parts of the log. Several on one database are several replicas. */
export class TestAuditLog {
  readonly settings: Settings;
  readonly tables = new AuditLogTables(
    new AuditSequenceRepository(),
    new AuditTilesRepository(),
    new AuditCheckpointsRepository(),
    new AuditEntriesRepository(),
  );
  readonly unitOfWork: TypeOrmUnitOfWork;
  readonly log: CommittedAuditLog;
  readonly sequence: SequenceEvents;
  readonly key: LogKey;
  readonly sign: SignCheckpoint;
  readonly proofs: ReadProofs;
  readonly bundles: ExportBundle;

  readonly directory: string;
  readonly windows = fixedWindows();

  private constructor(
    private readonly source: DataSource,
    /** The superuser's own connections, past every policy. */
    readonly owner: pg.Pool,
    private readonly options: AuditLogOptions,
  ) {
    const { clock = new SystemClock(), settings } = options;
    const directory = options.directory ?? mkdtempSync(join(tmpdir(), 'lethe-audit-'));
    this.directory = directory;
    this.settings = Object.assign(new Settings(), { dataDirectory: directory }, settings);
    this.unitOfWork = new TypeOrmUnitOfWork(source);
    this.log = new CommittedAuditLog(new AuditEventsRepository(), clock, this.windows);
    this.sequence = new SequenceEvents(this.unitOfWork, this.tables);
    this.key = new LogKey(this.settings);
    this.sign = new SignCheckpoint(this.unitOfWork, this.tables, new CheckpointSigner(this.key, new SignedMemory(this.settings)), clock);
    this.proofs = new ReadProofs(this.unitOfWork, this.tables);
    this.bundles = new ExportBundle(this.unitOfWork, this.tables, clock);
  }

  static async open(databaseUrl: string, options: AuditLogOptions = {}): Promise<TestAuditLog> {
    const source = new DataSource({
      type: 'postgres',
      url: databaseUrl,
      entities: [AuditEventEntity],
      extra: { max: 12, ...sessionAs('lethe_app', { statementMs: 20_000, connectMs: 5_000 }) },
    });
    await source.initialize();
    const owner = new pg.Pool({ connectionString: databaseUrl, max: 3 });
    owner.on('error', () => undefined);
    return new TestAuditLog(source, owner, options);
  }

  /** Records events, all in one transaction. */
  async record(organisationId: OrganisationId | null, count = 1, changes: Partial<AuditEntry> = {}): Promise<void> {
    await this.unitOfWork.asSystem(async (tx) => {
      for (let made = 0; made < count; made += 1) await this.log.record(tx, anyEntry(organisationId, changes));
    });
  }

  /** Takes everything into the log and signs it at once. */
  async seal(): Promise<number> {
    await this.sequence.run();
    await this.sign.run(0);
    return (await this.proofs.checkpoint()).size;
  }

  /** The signing key, as the setting would hold it. */
  signingKey(): string {
    return readFileSync(join(this.directory, 'audit-log.key'), 'utf8').trim();
  }

  async verifierKey(): Promise<string> {
    return (await this.key.signer()).verifierKey;
  }

  async rows<T extends pg.QueryResultRow>(sql: string, values: readonly unknown[] = []): Promise<T[]> {
    return (await this.owner.query<T>(sql, [...values])).rows;
  }

  /** Makes sure that every event has exactly one place, that places are dense, and that each leaf hash is in the tree. */
  async audit(): Promise<{ events: number; leaves: number }> {
    const [row] = await this.rows<{ events: number; places: number; distinct: number; last: number; size: number; leaves: number }>(
      `SELECT (SELECT count(*)::int FROM audit_event) AS events, count(*)::int AS places, count(DISTINCT leaf_index)::int AS distinct,
         coalesce(max(leaf_index), -1)::int AS last, (SELECT size::int FROM audit_tree) AS size,
         (SELECT coalesce(sum(length(hashes)), 0)::int / 32 FROM audit_tile WHERE level = 0) AS leaves FROM audit_position`,
    );
    if (!row) throw new Error('no answer');
    const { events, places, distinct, last, size, leaves } = row;
    const agree = [places, distinct, last + 1, size, leaves].every((count) => count === events);
    if (!agree) throw new Error(`the log does not hold each event once: ${JSON.stringify(row)}`);
    const gaps = await this.rows(
      `SELECT organisation_id FROM audit_position GROUP BY organisation_id HAVING max(number) <> count(*) OR min(number) <> 1`,
    );
    if (gaps.length > 0) throw new Error('the numbers of an organisation have gaps');
    return { events, leaves };
  }

  async close(): Promise<void> {
    await this.source.destroy();
    await this.owner.end();
    if (this.options.directory === undefined) rmSync(this.directory, { recursive: true, force: true });
  }
}
