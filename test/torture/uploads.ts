// `kill -9` of gateways while large content goes into a bucket: between the parts of an upload, and between the object and its row.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Cluster, type ClusterTenant, until } from '../harness/cluster.ts';
import { killedWhenStopped } from '../harness/killed-process.ts';
import { type Asked, S3_CREDENTIALS, S3Server } from '../harness/s3-server.ts';

const HOOK = fileURLToPath(new URL('../harness/queue-worker-hook.mjs', import.meta.url));
const SWEEP = fileURLToPath(new URL('../harness/blob-sweep-process.ts', import.meta.url));
const MINUTE_MS = 60_000;
/** What an upload, or an object without a row, is left alone for: somebody may be at it. */
const GRACE_MINUTES = 15;
/** Noise, which does not compress, in base64: two parts of an upload. */
const SAID_BYTES = 9_500_000;
const PREFIX = 'lethe/';

/** What has just been done when the process dies; of a request the answer does not arrive any more. */
const MOMENTS: readonly { readonly done: string; readonly isIt: (asked: Asked) => boolean; readonly leaves: 'upload' | 'object' }[] = [
  { done: 'the upload is begun', isIt: ({ method, query }) => method === 'POST' && query.has('uploads'), leaves: 'upload' },
  { done: 'its first part is there', isIt: ({ query }) => query.get('partNumber') === '1', leaves: 'upload' },
  { done: 'its last part is there', isIt: ({ query }) => query.get('partNumber') === '2', leaves: 'upload' },
  { done: 'the object is there', isIt: ({ method, query }) => method === 'POST' && query.has('uploadId'), leaves: 'object' },
];

export interface UploadOptions {
  readonly databaseUrl: string;
  /** Kills at every moment. */
  readonly rounds: number;
  readonly say?: (line: string) => void;
}

interface Leftovers {
  readonly uploads: number;
  readonly objects: number;
}

export async function killDuringUploads({ databaseUrl, rounds, say = () => undefined }: UploadOptions): Promise<object> {
  const house = await House.start(databaseUrl);
  try {
    const first = await house.keep();
    for (let round = 1; round <= rounds; round += 1) {
      for (const moment of MOMENTS) await house.killWhen(moment);
      await house.killBeforeTheRow();
      say(`round ${round} of ${rounds}`);
    }
    const last = await house.keep();
    const left = await house.leftovers();
    assert.deepEqual([left.uploads, left.objects], [rounds * 3, rounds * 2]);
    await house.assertEveryRowLeads();
    await house.assertSweptInTime(left);
    for (const call of [first, last]) await house.assertReadable(call);
    return { kills: rounds * (MOMENTS.length + 1), 'uploads discarded': left.uploads, 'objects removed': left.objects };
  } finally {
    await house.stop();
  }
}

class House {
  readonly #url: string;
  readonly #s3: S3Server;
  readonly #cluster: Cluster;
  readonly #tenant: ClusterTenant;

  private constructor(url: string, s3: S3Server, cluster: Cluster, tenant: ClusterTenant) {
    this.#url = url;
    this.#s3 = s3;
    this.#cluster = cluster;
    this.#tenant = tenant;
  }

  static async start(databaseUrl: string): Promise<House> {
    const s3 = await S3Server.start();
    const environment = {
      LETHE_PROFILE: 'enterprise',
      LETHE_BLOB_S3_BUCKET: s3.bucket,
      LETHE_BLOB_S3_ENDPOINT: s3.endpoint,
      LETHE_BLOB_S3_PREFIX: PREFIX,
      LETHE_BLOB_S3_ACCESS_KEY_ID: S3_CREDENTIALS.accessKeyId,
      LETHE_BLOB_S3_SECRET_ACCESS_KEY: S3_CREDENTIALS.secretAccessKey,
    };
    const cluster = await Cluster.start({ databaseUrl, replicas: 1, environment });
    return new House(databaseUrl, s3, cluster, await cluster.tenant({}));
  }

  async stop(): Promise<void> {
    await this.#cluster.stop();
    await this.#s3.stop();
  }

  /** A call whose content comes to its place; answers its id. */
  async keep(): Promise<string> {
    const before = new Set(await this.#rows());
    await this.#say();
    const added = async (): Promise<string[]> => (await this.#rows()).filter((id) => !before.has(id));
    await until('it is kept', 20_000, async () => (await added()).length === 1);
    const [id = ''] = await added();
    return id;
  }

  async killWhen({ done, isIt, leaves }: (typeof MOMENTS)[number]): Promise<void> {
    const before = { ...(await this.leftovers()), rows: await this.#rows() };
    const reached = new Promise<void>((resolve) => {
      this.#s3.unheard = (asked) => {
        if (!asked.key.startsWith(`${PREFIX}content/`) || !isIt(asked)) return false;
        setImmediate(resolve);
        return true;
      };
    });
    await this.#killAfter(reached);
    await this.#cluster.startReplica(0);
    const after = await this.leftovers();
    const more = leaves === 'upload' ? [1, 0] : [0, 1];
    assert.deepEqual([after.uploads - before.uploads, after.objects - before.objects], more, `of what is left when ${done}`);
    assert.deepEqual(await this.#rows(), before.rows, 'there is a row of content that was not all there');
  }

  /** The object is there and known to be, and its row is on the way. */
  async killBeforeTheRow(): Promise<void> {
    const before = this.#objects().length;
    await this.#cluster.rows('ALTER TABLE call_payload RENAME TO call_payload_away');
    await this.#killAfter(until('the object is there', 20_000, () => this.#objects().length > before).then(() => sleep(200)));
    await this.#cluster.rows('ALTER TABLE call_payload_away RENAME TO call_payload');
    await this.#cluster.startReplica(0);
  }

  /** What no row can lead to, as the bucket has it: uploads that nobody will finish, and objects of calls that have no row. */
  async leftovers(): Promise<Leftovers> {
    const kept = await this.#rows();
    const uploads = [...this.#s3.uploads.values()].filter(({ key }) => key.startsWith(`${PREFIX}content/`));
    return { uploads: uploads.length, objects: this.#objects().filter((key) => !kept.some((id) => key.endsWith(`.${id}`))).length };
  }

  async assertEveryRowLeads(): Promise<void> {
    const objects = this.#objects();
    for (const id of await this.#rows())
      assert.ok(
        objects.some((key) => key.endsWith(`.${id}`)),
        `the row of ${id} leads to nothing`,
      );
  }

  async assertSweptInTime(left: Leftovers): Promise<void> {
    assert.equal(await this.#sweep(Date.now()), 0);
    assert.deepEqual(await this.leftovers(), left, 'a sweep has touched what somebody may be at');
    assert.equal(await this.#sweep(Date.now() + (GRACE_MINUTES + 1) * MINUTE_MS), left.objects);
    assert.deepEqual(await this.leftovers(), { uploads: 0, objects: 0 });
    await this.assertEveryRowLeads();
  }

  async assertReadable(id: string): Promise<void> {
    const { organisationId } = this.#tenant;
    const path = `/organisations/${organisationId}/calls/${id}/content?purpose=security_review`;
    const { request } = await this.#cluster.ask<{ request: { bytes: number } }>('GET', path);
    assert.ok(request.bytes > SAID_BYTES);
  }

  async #killAfter(reached: Promise<unknown>): Promise<void> {
    // Its client may hear of the end or not.
    const said = this.#say().catch(() => undefined);
    await reached;
    await this.#cluster.replica(0).kill();
    this.#s3.unheard = null;
    await said;
  }

  async #say(): Promise<void> {
    const content = randomBytes(SAID_BYTES).toString('base64');
    const answer = await fetch(`${this.#cluster.addresses()[0]}/v1/chat/completions`, {
      method: 'POST',
      headers: { authorization: `Bearer ${this.#tenant.key}`, 'content-type': 'application/json' },
      body: JSON.stringify({ model: 'scenario:echo', max_tokens: 20, messages: [{ role: 'user', content }] }),
    });
    await answer.text();
    assert.equal(answer.status, 200);
    assert.match(answer.headers.get('x-lethe-retention') ?? '', /^payload;/);
  }

  async #rows(): Promise<string[]> {
    const rows = await this.#cluster.rows<{ id: string }>('SELECT call_id AS id FROM call_payload WHERE blob_day IS NOT NULL ORDER BY 1');
    return rows.map(({ id }) => id);
  }

  #objects(): string[] {
    return this.#s3.keys().filter((key) => key.startsWith(`${PREFIX}content/`));
  }

  async #sweep(nowMs: number): Promise<number> {
    const { bucket, endpoint } = this.#s3;
    const options = { bucket, endpoint, region: 'us-east-1', prefix: PREFIX, pathStyle: true, credentials: S3_CREDENTIALS };
    const settings = JSON.stringify({ url: this.#url, nowMs, bucket: options });
    const { said } = await killedWhenStopped(['--import', HOOK, SWEEP, settings]);
    const removed = /^removed (\d+)$/m.exec(said)?.[1];
    assert.ok(removed !== undefined, said);
    return Number(removed);
  }
}
