import { chownSync, existsSync } from 'node:fs';
import { join } from 'node:path';
import pg from 'pg';
import { EmbeddedPostgres } from '../../../platform/database/embedded-postgres.js';
import { serverAccount } from '../../../platform/database/embedded-account.js';
import type { RunFolder } from './run-folder.js';

/** A PostgreSQL server for one run, which archives its WAL as one in production does. */
export class ThrowAwayPostgres {
  private constructor(
    private readonly server: EmbeddedPostgres,
    private readonly folder: string,
    /** The superuser's. */
    readonly owner: pg.Pool,
  ) {}

  static async start(folder: RunFolder): Promise<ThrowAwayPostgres> {
    const archive = folder.make(ARCHIVE);
    const account = serverAccount();
    if (account.switched) chownSync(archive, account.uid, account.gid);
    const server = await EmbeddedPostgres.start({ directory: join(folder.path, 'pg'), settings: settings(archive) });
    const owner = new pg.Pool({ connectionString: server.url(), max: 2 });
    owner.on('error', () => undefined);
    return new ThrowAwayPostgres(server, folder.path, owner);
  }

  get url(): string {
    return this.server.url();
  }

  get data(): string {
    return join(this.folder, 'pg', 'postgres');
  }

  get log(): string {
    return join(this.folder, 'pg', 'postgres.log');
  }

  get archive(): string {
    return join(this.folder, ARCHIVE);
  }

  /**
   * Everything that was written is in its file afterwards, and the WAL up to now in the archive. Statistics are gathered of all there is, more than
   * the server would gather by itself; nothing is vacuumed that Lethe does not vacuum, since the server leaves small tables alone.
   */
  async writeOut(): Promise<void> {
    await this.owner.query('ANALYZE');
    const { rows } = await this.owner.query<{ segment: string }>('SELECT pg_walfile_name(pg_switch_wal()) AS segment');
    await this.owner.query('CHECKPOINT');
    await this.archived(rows[0]?.segment ?? '');
  }

  async stop(): Promise<void> {
    await this.owner.end();
    await this.server.stop();
  }

  private async archived(segment: string): Promise<void> {
    const deadline = performance.now() + ARCHIVE_WAIT_MS;
    while (!existsSync(join(this.archive, segment)) && performance.now() < deadline) {
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
}

const ARCHIVE = 'archive';
const ARCHIVE_WAIT_MS = 10_000;

/**
 * Nothing is worth an fsync. Old WAL files are removed, not written over later: on a server with traffic they would have been written over in the
 * days that are leapt over here.
 */
function settings(archive: string): Readonly<Record<string, string>> {
  return {
    fsync: 'off',
    synchronous_commit: 'off',
    autovacuum: 'off',
    max_connections: '100',
    archive_mode: 'on',
    archive_command: `cp "%p" "${archive}/%f.part" && mv "${archive}/%f.part" "${archive}/%f"`,
    wal_recycle: 'off',
    min_wal_size: '32MB',
  };
}
