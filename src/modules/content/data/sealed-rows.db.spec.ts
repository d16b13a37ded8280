import fc from 'fast-check';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../../../../test/harness/postgres.js';
import { type ApiKeyId, type CallId, newId, type OrganisationId, type ProjectId } from '../../../kernel/ids.js';
import type { ContentFacts } from './content-rows.js';
import { SealedRows } from './sealed-rows.js';

describe('rows of content', () => {
  let database: TestDatabase;
  let client: pg.Client;

  beforeAll(async () => {
    database = await createTestDatabase();
    client = new pg.Client({ connectionString: database.url });
    await client.connect();
  });

  afterAll(async () => {
    await client.end();
    await database.drop();
  });

  interface Sent {
    readonly facts: ContentFacts;
    /** A day: it lies in the blob store. */
    readonly content: readonly Buffer[] | string;
  }

  const count = fc.nat({ max: 2 ** 31 - 1 });
  const moments = fc.date({ min: new Date('1999-01-01'), max: new Date('2099-01-01'), noInvalidDate: true });
  const days = moments.map((moment) => moment.toISOString().slice(0, 10));
  const facts: fc.Arbitrary<ContentFacts> = fc.record({
    store: fc.constant('payload'),
    callId: fc.constant(0).map(() => newId<CallId>()),
    expiresOn: days,
    organisationId: fc.constant(newId<OrganisationId>()),
    projectId: fc.constant(newId<ProjectId>()),
    keyId: fc.constant(newId<ApiKeyId>()),
    writtenAt: moments,
    grantId: fc.option(fc.constant<string>(newId<CallId>())),
    keyVersion: count,
    requestBytes: count,
    answerBytes: fc.option(count),
    requestCut: fc.boolean(),
    answerCut: fc.boolean(),
    redacted: fc.boolean(),
  });
  const pieces = fc.array(
    fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes)),
    { maxLength: 4 },
  );
  const sent: fc.Arbitrary<Sent> = fc.record({ facts, content: fc.oneof(pieces, days) });

  function add({ facts: each, content }: Sent, to: SealedRows): void {
    if (typeof content === 'string') to.addStored({ ...each, sealed: null, blobDay: content });
    else to.add(each, content);
  }

  async function readBack(rows: SealedRows): Promise<unknown[]> {
    const read = await client.query(
      `SELECT call_id AS "callId", expires_on::text AS "expiresOn", organisation_id AS "organisationId", project_id AS "projectId", key_id AS "keyId",
         written_at AS "writtenAt", grant_id AS "grantId", key_version AS "keyVersion", request_bytes AS "requestBytes",
         answer_bytes AS "answerBytes", request_cut AS "requestCut", answer_cut AS "answerCut", redacted, sealed, blob_day::text AS "blobDay"
       FROM unnest($1::content_row[])`,
      [rows.array()],
    );
    return read.rows;
  }

  function expected({ facts: added, content }: Sent): unknown {
    const { store: _, ...each } = added;
    const place = typeof content === 'string' ? { sealed: null, blobDay: content } : { sealed: Buffer.concat(content), blobDay: null };
    return { ...each, ...place };
  }

  it('are read by Postgres as they were added, one batch after the other', async () => {
    const rows = new SealedRows();
    await fc.assert(
      fc.asyncProperty(fc.array(sent, { maxLength: 5 }), async (batch) => {
        rows.clear();
        for (const each of batch) add(each, rows);
        expect(rows.length).toBe(batch.length);
        expect([...rows.days].sort()).toEqual([...new Set(batch.map((each) => each.facts.expiresOn))].sort());
        // Twice, as when the first answer was lost.
        for (let tries = 0; tries < 2; tries += 1) expect(await readBack(rows)).toEqual(batch.map(expected));
      }),
      { numRuns: 100 },
    );
  });

  it('outgrow the first memory, and what they took is let go of', async () => {
    const [some] = fc.sample(facts, 1) as [ContentFacts];
    const rows = new SealedRows();
    for (const batch of [300, 2]) {
      const all = Array.from({ length: batch }, (_, index) => ({
        facts: { ...some, keyVersion: index },
        content: [Buffer.alloc(10_000, index)],
      }));
      for (const each of all) add(each, rows);
      expect(await readBack(rows)).toEqual(all.map(expected));
      rows.clear();
    }
  });
});
