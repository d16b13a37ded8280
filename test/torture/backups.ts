// Backups, restores and the deletion of backups, killed before, within and after every object they touch.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import type { BackupParts, ObjectMoment } from '../harness/backup-parts.ts';
import { killedWhenStopped } from '../harness/killed-process.ts';
import { startLetheInVain } from '../harness/process.ts';
import { killedAtStatement } from '../harness/statement-stop.ts';

// The sources as they stand, in this process as in those that are killed.
await import(new URL('../harness/queue-worker-hook.mjs', import.meta.url).href);
const { backupParts, sweepAt } = (await import('../harness/backup-parts.ts')) as typeof import('../harness/backup-parts.ts');
const { rowsOf, withDatabase } = (await import('../harness/backups.ts')) as typeof import('../harness/backups.ts');
const { backupsOf } = await import('../../src/modules/backups/core/archive/backup-places.ts');
const { isRestoreUnfinished } = await import('../../src/modules/backups/core/restore/unfinished-restore.ts');
const { addKeys, assertReplayed, destroyKeys, replayKilledAt } = (await import(
  '../harness/replayed-erasures.ts'
)) as typeof import('../harness/replayed-erasures.ts');
const { runMigrations } = await import('../../src/platform/database/migrations.ts');

type TakenBackup = Awaited<ReturnType<BackupParts['take']['run']>>;

const ACTOR = { kind: 'system', id: 'torture' } as const;
const MOMENTS: readonly ObjectMoment[] = ['before', 'within', 'after'];
const HOOK = fileURLToPath(new URL('../harness/queue-worker-hook.mjs', import.meta.url));
const PROCESS = fileURLToPath(new URL('../harness/backup-process.ts', import.meta.url));
const DAY_MS = 86_400_000;
/** A start takes seconds, so not every restore that was killed is started on. */
const STARTS_EVERY = 10;
/** A restore sends a few thousand statements, and most of them are alike. */
const STATEMENTS_APART = 37;
/** Of what was sent last the server may still be at work. */
const SERVER_MS = 200;

export interface BackupTortureOptions {
  readonly databaseUrl: string;
  readonly say?: (line: string) => void;
}

export async function killAtEveryObject({ databaseUrl, say = () => undefined }: BackupTortureOptions): Promise<object> {
  const house = await House.start(databaseUrl);
  try {
    const taking = await house.killBackups();
    say(`backups: killed ${taking} times`);
    const restoring = await house.killRestores();
    say(`restores: killed ${restoring} times`);
    const statements = await house.killRestoresAtStatements();
    say(`restores: killed ${statements} times along their statements`);
    const replaying = await house.killReplays();
    say(`starts: killed ${replaying} times while they did erasures again`);
    const deleting = await house.killDeletions();
    return { 'kills: taking': taking, restoring, statements, replaying, deleting };
  } finally {
    await house.stop();
  }
}

class House {
  readonly #url: string;
  readonly #targetUrl: string;
  readonly #directory: string;
  readonly #parts: BackupParts;
  /** Backups that have been read to their end once. */
  readonly #sound = new Set<string>();

  private constructor(url: string, targetUrl: string, directory: string, parts: BackupParts) {
    this.#url = url;
    this.#targetUrl = targetUrl;
    this.#directory = directory;
    this.#parts = parts;
  }

  static async start(url: string): Promise<House> {
    const target = `target_${randomUUID().replaceAll('-', '')}`;
    const targetUrl = url.replace(/(\/)[^/?]*(\?|$)/, `$1${target}$2`);
    await runMigrations(url);
    await withDatabase(url, async (client) => {
      await client.query(`CREATE DATABASE ${target}`);
      await fill(client);
    });
    await addKeys(url);
    await runMigrations(targetUrl);
    const directory = mkdtempSync(join(tmpdir(), 'lethe-backups-'));
    const parts = await backupParts(url, directory);
    for (let times = 0; times < 5; times += 1) await parts.log.record(null, 100);
    return new House(url, targetUrl, directory, parts);
  }

  async stop(): Promise<void> {
    await this.#parts.log.close();
    rmSync(this.#directory, { recursive: true, force: true });
  }

  /** Wherever one was killed: what is listed is whole, what is not cannot be restored, and the next one leaves nothing of it. Answers the kills. */
  async killBackups(): Promise<number> {
    let kills = 0;
    for (let object = 1; ; object += 1) {
      let isReached = false;
      for (const moment of MOMENTS) {
        const isKilled = await this.#killed({ stopsAt: object, moment });
        await this.#assertNothingPartial();
        isReached ||= isKilled;
        kills += Number(isKilled);
      }
      await this.#whenFree(() => this.#parts.take.run('data', ACTOR));
      await this.#assertOnlyWhole();
      // Every backup reads the manifests there are, so one more each time would never come to an end.
      await this.#keepNewest();
      if (!isReached) break;
    }
    // Of puts that were cut off, which no key leads to.
    await sweepAt(this.#parts, Date.now() + 4 * DAY_MS);
    assert.deepEqual(readdirSync(join(this.#directory, 'blobs/.unfinished')), [], 'an interrupted put has left a file');
    return kills;
  }

  /** Until its first change the database is as it was; from then on nothing starts on it; the one that is not killed brings everything back. */
  async killRestores(): Promise<number> {
    const backup = await this.#whenFree(() => this.#parts.take.run('data', ACTOR));
    await this.#keepNewest();
    await this.#whenFree(() => this.#parts.take.run('keys', ACTOR));
    const untouched = await rowsOf(this.#targetUrl);
    let [kills, refusals] = [0, 0];
    for (let object = 1; ; object += 1) {
      let isReached = false;
      for (const moment of MOMENTS) {
        const isKilled = await this.#killed({ stopsAt: object, moment, restores: backup.id, into: this.#targetUrl });
        if (!isKilled) break;
        isReached = true;
        kills += 1;
        if (!(await isRestoreUnfinished(this.#targetUrl)))
          assert.deepEqual(await rowsOf(this.#targetUrl), untouched, 'a restore that was still reading has changed something');
        else if (refusals++ % STARTS_EVERY === 0) await this.#assertRefusesToServe();
      }
      if (!isReached) break;
    }
    assert.ok(refusals > 0, 'no restore was killed after its first change');
    await this.#assertRestored(backup);
    return kills;
  }

  /** The same along the statements of a restore, from the one that condemns the database to the one that releases it. */
  async killRestoresAtStatements(): Promise<number> {
    const backup = await this.#newest();
    const process = { url: this.#url, directory: this.#directory, stopsAt: 0, restores: backup.id, into: this.#targetUrl };
    const from = 'CREATE SCHEMA IF NOT EXISTS lethe_restore';
    // The first condemns it, the second says by which backup.
    for (let [kills, nth] = [0, 3]; ; kills += 1, nth += STATEMENTS_APART) {
      const moment = kills % 2 === 0 ? 'before' : 'within';
      const { stopped, said } = await killedAtStatement({ from, nth, moment }, ['--import', HOOK, PROCESS, JSON.stringify(process)]);
      await sleep(SERVER_MS);
      if (!stopped) {
        assert.match(said, /^done$/m, said);
        await this.#assertRestored(backup);
        return kills;
      }
      if (!(await isRestoreUnfinished(this.#targetUrl))) await this.#assertRestored(backup);
      else if (kills % STARTS_EVERY === 0) await this.#assertRefusesToServe();
    }
  }

  /** Nothing is served before every erasure since the backup is done again, each once and with its record, wherever a start is killed. */
  async killReplays(): Promise<number> {
    await destroyKeys(this.#parts);
    let kills = 0;
    for (let nth = 1; ; nth += 1) {
      kills += 1;
      const isDue = await replayKilledAt({ nth, moment: nth % 2 === 0 ? 'before' : 'within' }, this.#targetUrl, this.#directory);
      if (!isDue) break;
    }
    await assertReplayed(this.#targetUrl, this.#directory);
    return kills;
  }

  async #newest(): Promise<TakenBackup> {
    const newest = (await this.#parts.archive.list()).findLast(({ kind }) => kind === 'data');
    assert.ok(newest);
    return newest as unknown as TakenBackup;
  }

  /** Past its last moment nothing of a backup is restored, however much of it is left; what is deleted is so for good, and on record once. */
  async killDeletions(): Promise<number> {
    const listed = await this.#parts.archive.list();
    const lastMs = Math.max(...listed.map(({ expiresAt }) => expiresAt.getTime()));
    const late = await backupParts(this.#url, this.#directory, undefined, {
      nowMs: () => lastMs,
      monotonicMs: () => performance.now(),
      now: () => new Date(lastMs),
    });
    let kills = 0;
    try {
      for (let isDone = false; !isDone; ) {
        // Reading the manifests touches objects too, so the first deletion comes later in each.
        for (const moment of ['before', 'after'] as const) {
          const isKilled = await this.#killedDeleting({ moment, sweepsAtMs: lastMs });
          kills += Number(isKilled);
          isDone = !isKilled;
          for (const { id } of listed) {
            await assert.rejects(
              late.restore.run(id, { ownerUrl: this.#targetUrl, replace: true }),
              /backups\/(expired|not_found|damaged|not_a_data_backup)/,
            );
          }
          if (isDone) break;
        }
      }
    } finally {
      await late.log.close();
    }
    assert.deepEqual(await this.#objects(), [], 'something of a deleted backup is left');
    const twice = await this.#parts.log.rows(
      `SELECT target_id, count(*)::int AS times FROM audit_event WHERE action = 'backup.deleted' AND target_id = ANY ($1) GROUP BY target_id`,
      [listed.map(({ id }) => id)],
    );
    assert.deepEqual(
      twice.map(({ times }) => Number(times)),
      listed.map(() => 1),
      'a deletion is not on record, or twice',
    );
    return kills;
  }

  /** At the first object that is touched behind the manifests, which are read to know what is due. */
  async #killedDeleting(where: object): Promise<boolean> {
    const manifests = (await this.#objects()).filter((key) => key.endsWith('/manifest')).length;
    return this.#killed({ stopsAt: manifests + 1, ...where });
  }

  async #killed(where: object): Promise<boolean> {
    const settings = JSON.stringify({ url: this.#url, directory: this.#directory, ...where });
    const { stopped, said } = await killedWhenStopped(['--import', HOOK, PROCESS, settings]);
    if (!stopped) assert.match(said, /^done$/m, said);
    return stopped;
  }

  async #assertNothingPartial(): Promise<void> {
    const { archive, restore, log } = this.#parts;
    const listed = new Set<string>();
    for (const { id } of await archive.list()) {
      listed.add(id);
      if (this.#sound.has(id)) continue;
      const opened = await archive.open(await archive.find(id));
      await restore.check(opened);
      opened.close();
      this.#sound.add(id);
    }
    const complete = await log.rows<{ id: string }>(`SELECT id FROM backup WHERE state = 'complete'`);
    assert.deepEqual(
      complete.filter(({ id }) => !listed.has(id)),
      [],
      'the catalogue offers a backup that is not there',
    );
    const partial = new Set((await this.#objects()).map((key) => key.split('/')[2] ?? '').filter((id) => !listed.has(id)));
    for (const id of partial) {
      await assert.rejects(restore.run(id as TakenBackup['id'], { ownerUrl: this.#targetUrl, replace: true }), /backups\/not_found/);
    }
  }

  async #assertOnlyWhole(): Promise<void> {
    await this.#assertNothingPartial();
    const listed = (await this.#parts.archive.list()).map(({ id }) => id as string);
    const stored = new Set((await this.#objects()).map((key) => key.split('/')[2] ?? ''));
    assert.deepEqual([...stored].toSorted(), listed.toSorted(), 'objects of a backup that was killed are left');
    assert.deepEqual(await this.#parts.log.rows(`SELECT id FROM backup WHERE state = 'running'`), [], 'a killed backup still runs');
  }

  async #keepNewest(): Promise<void> {
    for (const header of (await this.#parts.archive.list()).slice(0, -1)) await this.#parts.archive.remove(header);
    // Has the catalogue follow.
    await sweepAt(this.#parts, Date.now());
  }

  async #assertRefusesToServe(): Promise<void> {
    const { code, output } = await startLetheInVain({
      DATABASE_URL: this.#targetUrl,
      LETHE_PORT: '0',
      LETHE_DATA_DIR: join(this.#directory, 'data'),
    });
    assert.notEqual(code, 0);
    assert.match(output, /A restore of this database was interrupted/);
  }

  async #assertRestored({ id }: TakenBackup): Promise<void> {
    // The last process came to its end.
    assert.equal(await isRestoreUnfinished(this.#targetUrl), false);
    const [restored, original] = [await rowsOf(this.#targetUrl), await rowsOf(this.#url)];
    // What stands in them is about the backup itself, and about what came after it.
    for (const table of ['audit_event', 'backup', 'installation']) {
      delete restored[table];
      delete original[table];
    }
    assert.deepEqual(restored, original);
    const [row] = await withDatabase(
      this.#targetUrl,
      async (client) =>
        (await client.query<{ from: string; due: boolean }>('SELECT restored_backup AS from, replay_due AS due FROM installation')).rows,
    );
    assert.deepEqual(row, { from: id, due: true });
  }

  /** Once the server has noticed that the sessions of a killed process are gone. */
  async #whenFree<T>(work: () => Promise<T>): Promise<T> {
    for (let tries = 1; ; tries += 1) {
      try {
        return await work();
      } catch (error) {
        if (!(error as Error).message.startsWith('backups/already_running') || tries === 100) throw error;
        await sleep(50);
      }
    }
  }

  async #objects(): Promise<string[]> {
    const keys: string[] = [];
    for await (const { key } of this.#parts.archive.objects(backupsOf())) keys.push(key);
    return keys;
  }
}

/** A row or more in tables of several kinds, so that there are objects to be killed at. */
async function fill(client: pg.Client): Promise<void> {
  for (let number = 0; number < 5; number += 1) {
    const [organisation, account] = [randomUUID(), randomUUID()];
    await client.query(`INSERT INTO organisation VALUES ($1, $2, 'Acme', 'customer', 'active', now(), now())`, [
      organisation,
      `o-${number}`,
    ]);
    await client.query(`INSERT INTO project VALUES ($1, $2, 'p', 'active', now(), now())`, [randomUUID(), organisation]);
    await client.query(`INSERT INTO account (id, locale, status, created_at, updated_at) VALUES ($1, 'en', 'active', now(), now())`, [
      account,
    ]);
  }
}
