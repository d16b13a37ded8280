// An installation with something sealed in every table that holds a wrapped key, whose root key is rotated while the processes that follow the
// rotation are killed. From the built program, so that torture can use it too.
import assert from 'node:assert/strict';
import { randomBytes, randomUUID } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import type { openEnvelope, SealedEnvelope, sealEnvelope } from '../../src/platform/kms/envelope.ts';
import type { LocalRootKey } from '../../src/platform/kms/local-root-key.ts';
import type { rotateLocalRootKey } from '../../src/platform/kms/root-key-file.ts';
import { killedWhenStopped } from './killed-process.ts';
import { CONTEXTS, contentKeyContext, household, nameOf, type Row } from './sealed-rows.ts';

const BUILT = new URL('../../dist/', import.meta.url);
const PROCESS = fileURLToPath(new URL('./key-rotation-process.ts', import.meta.url));
const CONTENT_KEY = 'content_key';
/** At most one row each. */
const SINGLE = ['notification_key', 'end_user_key'];
const CLOSING_WAITS = 200;

/** Where a process stops to be killed: at its n-th statement, or nowhere (0). */
export interface RotationStop {
  readonly stopsAt: number;
  /** Before it is sent, or once it is and before its answer. */
  readonly moment: 'before' | 'within';
}

/** What a process needs to be one of this installation. */
export interface RotationSite {
  readonly url: string;
  readonly directory: string;
}

export function environmentOf({ url, directory }: RotationSite): Record<string, string> {
  return {
    DATABASE_URL: url,
    LETHE_DATA_DIR: join(directory, 'data'),
    LETHE_ROOT_KEY_FILE: rootKeyOf(directory),
    LETHE_PROFILE: 'enterprise',
    LETHE_CONTENT_KEY_DAYS: '1',
  };
}

interface Built {
  readonly sealEnvelope: typeof sealEnvelope;
  readonly openEnvelope: typeof openEnvelope;
  readonly rotateLocalRootKey: typeof rotateLocalRootKey;
  readonly kms: LocalRootKey;
}

/** The installation. Assertions throw. */
export class RotatedKeys {
  readonly #site: RotationSite;
  readonly #owner: pg.Pool;
  readonly #built: Built;
  /** What each sealed row opens to. */
  readonly #secrets = new Map<string, Buffer>();
  /** Everything the processes printed. */
  #said = '';
  #rotations = 0;

  private constructor(site: RotationSite, built: Built) {
    this.#site = site;
    this.#built = built;
    this.#owner = new pg.Pool({ connectionString: site.url, max: 2 });
    this.#owner.on('error', () => undefined);
  }

  /** `households`: how many rows the tables get that may have many. */
  static async start(url: string, households: number): Promise<RotatedKeys> {
    const { migrateNow } = (await import(new URL('app/database.js', BUILT).href)) as typeof import('../../src/app/database.ts');
    await migrateNow({ url, ownerUrl: url, embedded: false, close: () => Promise.resolve() });
    const directory = mkdtempSync(join(tmpdir(), 'lethe-rotation-'));
    const started = new RotatedKeys({ url, directory }, await builtFor(directory));
    for (let number = 0; number < households; number += 1) await started.#fill(household(number));
    for (const table of SINGLE) await started.#seal(table, { id: randomUUID(), created_at: new Date() });
    return started;
  }

  /** A new root key is the current one; those before it still open, and content keys have got so old that they are rotated. Answers its id. */
  async rotate(): Promise<string> {
    this.#rotations += 1;
    await this.#owner.query(`UPDATE content_key SET created_at = created_at - interval '2 days' WHERE retired_at IS NULL`);
    return this.#built.rotateLocalRootKey(rootKeyOf(this.#site.directory));
  }

  /** Follows the rotation, and is killed there. Answers false when it came to its end before. */
  async killedAt(stop: RotationStop): Promise<boolean> {
    const { stopped, said } = await killedWhenStopped([PROCESS, JSON.stringify({ ...this.#site, ...stop })]);
    this.#said += said;
    if (!stopped) assert.match(said, /^done$/m, said);
    await this.#whenAlone();
    return stopped;
  }

  /** Every secret opens to what it was, and no row is lost; each organisation has one content key in use, and one more at most for each rotation. */
  async assertWhole(): Promise<void> {
    const { kms, openEnvelope: open } = this.#built;
    const found = new Map<string, Buffer>();
    for (const [table, contextOf] of Object.entries(CONTEXTS)) {
      for (const row of await this.#rows(`SELECT * FROM ${table}`))
        found.set(nameOf(table, row), await open(kms, envelopeOf(row), contextOf(row)));
    }
    for (const row of await this.#rows(`SELECT * FROM ${CONTENT_KEY}`)) {
      const { kmsKeyId, wrappedKey } = envelopeOf(row);
      const opened = await kms.unwrap({ kmsKeyId, blob: wrappedKey }, contentKeyContext(row));
      const name = nameOf(CONTENT_KEY, row);
      // One that a rotation has made, to be kept from now on.
      if (!this.#secrets.has(name)) this.#secrets.set(name, opened);
      found.set(name, opened);
    }
    assert.deepEqual(
      [...found.keys()].toSorted(),
      [...this.#secrets.keys()].toSorted(),
      'rows are lost, or nobody knows where they are from',
    );
    for (const [name, secret] of this.#secrets) assert.ok(found.get(name)?.equals(secret), `${name} opens to something else`);
    const torn = await this.#rows(
      `SELECT organisation_id FROM ${CONTENT_KEY} GROUP BY organisation_id
       HAVING count(*) FILTER (WHERE retired_at IS NULL) <> 1 OR max(version) <> count(*) OR count(*) > ${1 + this.#rotations}`,
    );
    assert.deepEqual(torn, [], 'an organisation has no content key in use, or two, or too many');
  }

  /** Whatever table holds wrapped keys, all of them are under this root key; and what was moved is on record once. */
  async assertAllUnder(current: string): Promise<void> {
    const tables = await this.#rows(
      `SELECT table_name AS name FROM information_schema.columns JOIN information_schema.tables USING (table_schema, table_name)
       WHERE table_schema = 'public' AND column_name = 'kms_key_id' AND table_type = 'BASE TABLE'`,
    );
    for (const { name } of tables) {
      const [row] = await this.#rows(
        `SELECT count(*)::int AS rows, count(*) FILTER (WHERE kms_key_id IS DISTINCT FROM '${current}')::int AS late FROM ${String(name)}`,
      );
      assert.notEqual(row?.['rows'], 0, `nothing is sealed in ${String(name)}: this test has to learn of it`);
      assert.equal(row?.['late'], 0, `rows of ${String(name)} are under an older root key`);
    }
    const twice = await this.#rows(
      `SELECT action, target_id, organisation_id FROM audit_event WHERE action LIKE '%rewrapped' AND detail->>'to' = '${current}'
       GROUP BY action, target_id, organisation_id HAVING count(*) > 1`,
    );
    assert.deepEqual(twice, [], 'something is on record as moved twice');
  }

  /** Takes every root key but the current one away: what needs another does not open any more. */
  retireOldRootKeys(): void {
    const path = rootKeyOf(this.#site.directory);
    const file = JSON.parse(readFileSync(path, 'utf8')) as { readonly current: string; readonly keys: { readonly id: string }[] };
    // Written beside it and renamed would be the way of a running installation; nothing runs here.
    writeFileSync(path, JSON.stringify({ ...file, keys: file.keys.filter(({ id }) => id === file.current) }), { mode: 0o600 });
  }

  /** No secret stands in the clear: in no table, no file but that of the root keys, and nothing that was printed. */
  async assertNothingReadable(): Promise<void> {
    const pieces = [this.#said];
    const tables = await this.#rows(
      `SELECT relname AS name FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p') AND NOT relispartition`,
    );
    for (const { name } of tables)
      pieces.push(...(await this.#rows(`SELECT t::text AS row FROM "${String(name)}" t`)).map(({ row }) => String(row)));
    const { directory } = this.#site;
    for (const file of readdirSync(directory, { recursive: true, withFileTypes: true })) {
      const path = join(file.parentPath, file.name);
      if (file.isFile() && path !== rootKeyOf(directory)) pieces.push(readFileSync(path, 'latin1'));
    }
    const text = pieces.join('\n');
    for (const [name, secret] of this.#secrets) {
      for (const form of ['latin1', 'hex', 'base64'] as const)
        assert.ok(!text.includes(secret.toString(form)), `${name} stands in the clear`);
    }
  }

  async stop(): Promise<void> {
    await this.#built.kms.dispose();
    await this.#owner.end();
    rmSync(this.#site.directory, { recursive: true, force: true });
  }

  async #fill(rows: Readonly<Record<string, Row>>): Promise<void> {
    for (const [table, row] of Object.entries(rows)) {
      if (table in CONTEXTS) await this.#seal(table, row);
      else if (table === CONTENT_KEY) await this.#wrap(row);
      else await this.#insert(table, row);
    }
  }

  async #seal(table: string, row: Row): Promise<void> {
    const secret = Buffer.from(`sk-sealed-${randomBytes(16).toString('hex')}`);
    this.#secrets.set(nameOf(table, row), secret);
    const context = CONTEXTS[table]?.(row);
    assert.ok(context, table);
    const { formatVersion, kmsKeyId, wrappedKey, ciphertext } = await this.#built.sealEnvelope(
      this.#built.kms,
      Buffer.from(secret),
      context,
    );
    await this.#insert(table, { ...row, format_version: formatVersion, kms_key_id: kmsKeyId, wrapped_key: wrappedKey, ciphertext });
  }

  async #wrap(row: Row): Promise<void> {
    const key = randomBytes(32);
    this.#secrets.set(nameOf(CONTENT_KEY, row), key);
    const { kmsKeyId, blob } = await this.#built.kms.wrap(key, contentKeyContext(row));
    await this.#insert(CONTENT_KEY, { ...row, kms_key_id: kmsKeyId, wrapped_key: blob });
  }

  async #insert(table: string, row: Row): Promise<void> {
    const columns = Object.keys(row);
    const places = columns.map((_, index) => `$${index + 1}`);
    await this.#owner.query(`INSERT INTO ${table} (${columns.join(', ')}) VALUES (${places.join(', ')})`, Object.values(row));
  }

  async #rows(sql: string): Promise<Row[]> {
    return (await this.#owner.query<Record<string, unknown>>(sql)).rows;
  }

  /** Once the server has noticed that the sessions of a killed process are gone, and rolled back what they had begun. */
  async #whenAlone(): Promise<void> {
    for (let waits = 0; waits < CLOSING_WAITS; waits += 1) {
      const others = await this.#rows(`SELECT FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'lethe'`);
      if (others.length === 0) return;
      await sleep(20);
    }
    throw new Error('the sessions of a killed process stay');
  }
}

function rootKeyOf(directory: string): string {
  return join(directory, 'root-key.json');
}

function envelopeOf(row: Row): SealedEnvelope {
  return {
    formatVersion: Number(row['format_version']),
    kmsKeyId: String(row['kms_key_id']),
    wrappedKey: row['wrapped_key'] as Buffer,
    ciphertext: row['ciphertext'] as Buffer,
  };
}

async function builtFor(directory: string): Promise<Built> {
  const built = async <T>(path: string): Promise<T> => (await import(new URL(`platform/kms/${path}`, BUILT).href)) as T;
  const envelope = await built<typeof import('../../src/platform/kms/envelope.ts')>('envelope.js');
  const file = await built<typeof import('../../src/platform/kms/root-key-file.ts')>('root-key-file.js');
  const local = await built<typeof import('../../src/platform/kms/local-root-key.ts')>('local-root-key.js');
  const kms = new local.LocalRootKey({ path: rootKeyOf(directory), allowGenerate: true });
  return { sealEnvelope: envelope.sealEnvelope, openEnvelope: envelope.openEnvelope, rotateLocalRootKey: file.rotateLocalRootKey, kms };
}
