import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TestAuditLog } from '../../../../../test/harness/audit-log.js';
import { createTestDatabase, type TestDatabase } from '../../../../../test/harness/postgres.js';
import { refusalOf, runVerifier } from '../../../../../test/harness/verifier.js';
import { DAY_MS, ManualClock } from '../../../../kernel/clock.js';
import { newId, type OrganisationId } from '../../../../kernel/ids.js';
import { canonicalJson, type Json } from './canonical-json.js';
import { hashLeaf } from './merkle-tree.js';

interface Entry {
  event: Record<string, Json> | null;
  leafHash: string;
  leafIndex: number;
  proof: string[];
}

interface Bundle {
  checkpoint: string;
  entries: Entry[];
  format: string;
  scope: string;
  since: { checkpoint: string; proof: string[] } | null;
}

const mine = newId<OrganisationId>();
const other = newId<OrganisationId>();
const clock = new ManualClock(Date.parse('2031-05-01T10:00:00Z'));

let database: TestDatabase;
let log: TestAuditLog;
let key: string;
/** The first checkpoint, which an outsider has kept. */
let kept: string;

beforeAll(async () => {
  database = await createTestDatabase();
  log = await TestAuditLog.open(database.url, { clock });
  key = await log.verifierKey();
  await log.record(mine, 2, { detail: { 'naïve ✓': '"quoted\\"', numbers: '1e21', limit: 0.1 + 0.2, large: 1e21, none: null, yes: true } });
  await log.record(null, 1);
  await log.seal();
  kept = (await log.proofs.checkpoint()).note;
  for (let round = 0; round < 4; round += 1) {
    await log.record(mine, 3);
    await log.record(other, 2);
  }
  await log.seal();
});

afterAll(async () => {
  await log.close();
  await database.drop();
});

/** A bundle after `change`, written in canonical form again, as somebody would who knows the format. */
function forged(text: string, change: (bundle: Bundle) => void): string {
  const bundle = JSON.parse(text) as Bundle;
  change(bundle);
  return `${canonicalJson(bundle as unknown as Json)}\n`;
}

function entriesOf(text: string): Entry[] {
  return (JSON.parse(text) as Bundle).entries;
}

/** Bytes that could be changed, left out or added without the verifier noticing. */
function acceptedChanges(bytes: Buffer): string[] {
  const accepted: string[] = [];
  for (let at = 0; at < bytes.length; at += 1) {
    // Each bit in its turn; the sixth more often, which makes capitals of small letters.
    const flipped = Buffer.from(bytes);
    flipped[at] = (flipped[at] as number) ^ (at % 2 === 0 ? 32 : 1 << ((at >> 1) % 8));
    const shorter = Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + 1)]);
    const longer = Buffer.concat([bytes.subarray(0, at), Buffer.from(' '), bytes.subarray(at)]);
    const changes = { flipped, shorter, longer, cut: bytes.subarray(0, at) };
    for (const [what, changed] of Object.entries(changes)) {
      if (refusalOf(changed, key) === null) accepted.push(`${what} at byte ${at}`);
    }
  }
  return accepted;
}

describe('a bundle', () => {
  it('O6: holds an organisation’s events, no others, and verifies', async () => {
    const bundle = await log.bundles.run(mine, { limit: 100 });
    expect(refusalOf(bundle, key)).toBeNull();
    const events = entriesOf(bundle).map(({ event }) => event);
    expect(events.map((event) => event?.['number'])).toEqual(Array.from({ length: 14 }, (_, at) => at + 1));
    expect(new Set(events.map((event) => event?.['organisationId']))).toEqual(new Set([mine]));
    expect(entriesOf(await log.bundles.run(newId<OrganisationId>(), { limit: 100 }))).toEqual([]);
  });

  it('O6: comes in pages that follow on each other, for an organisation and for the installation', async () => {
    for (const scope of [mine, undefined]) {
      const seen: number[] = [];
      for (let from = scope ? 1 : 0; ; from += 5) {
        const page = await log.bundles.run(scope, { from, limit: 5 });
        expect(refusalOf(page, key)).toBeNull();
        const entries = entriesOf(page);
        if (entries.length === 0) break;
        seen.push(...entries.map(({ leafIndex }) => leafIndex));
      }
      expect(seen).toHaveLength(scope ? 14 : 23);
      expect(seen).toEqual(seen.toSorted((a, b) => a - b));
    }
  });

  it('O6: shows that the log extends a checkpoint seen before', async () => {
    const bundle = await log.bundles.run(mine, { limit: 2, since: 3 });
    expect(refusalOf(bundle, key, kept)).toBeNull();
    expect(refusalOf(await log.bundles.run(mine, { limit: 2 }), key, kept)).toContain('export it again with since=3');
    expect(refusalOf(bundle, key, (await log.proofs.checkpoint()).note)).toBeNull();
    await expect(log.bundles.run(mine, { limit: 2, since: 4 })).rejects.toThrow('audit/unknown_checkpoint');
    await expect(log.bundles.run(mine, { limit: 2, since: 400 })).rejects.toThrow('since');
  });

  it('O6: is refused after any change of a single byte, at any place', async () => {
    const bytes = Buffer.from(await log.bundles.run(mine, { from: 2, limit: 2, since: 3 }));
    expect(refusalOf(bytes, key)).toBeNull();
    expect(acceptedChanges(bytes)).toEqual([]);
    expect(refusalOf(Buffer.concat([bytes, Buffer.from('\n')]), key)).toContain('damaged');
  });

  it('O6: an edited, deleted, re-ordered, moved or invented event is refused, with a sentence that says so', async () => {
    const bundle = await log.bundles.run(mine, { limit: 100, since: 3 });
    const edit = (event: Record<string, Json>) => ({ ...event, actorId: 'somebody else' });
    const at = (entries: Entry[], index: number) => entries[index] as Entry;
    const cases: [(bundle: Bundle) => void, string][] = [
      [({ entries }) => (at(entries, 3).event = edit(at(entries, 3).event ?? {})), 'Entry 4 was edited'],
      [
        ({ entries }) => {
          const event = edit(at(entries, 3).event ?? {});
          Object.assign(at(entries, 3), { event, leafHash: hashLeaf(Buffer.from(canonicalJson(event))).toString('base64') });
        },
        'Entry 4 is not in the log',
      ],
      [({ entries }) => entries.splice(5, 1), 'Entry 6 should be number 6 and is 7: an event is missing'],
      [({ entries }) => entries.reverse(), 're-ordered'],
      [({ entries }) => entries.push(at(entries, 0)), 'should be number 15'],
      [({ entries }) => (at(entries, 2).leafIndex += 1), 'Entry 3 is not in the log'],
      [({ entries }) => (at(entries, 2).leafIndex = 1_000), 'outside the log'],
      [({ entries }) => (at(entries, 2).event = null), 'Entry 3 has no event'],
      [({ entries }) => at(entries, 2).proof.pop(), 'Entry 3 is not in the log'],
      [({ entries }) => at(entries, 2).proof.push(at(entries, 2).leafHash), 'Entry 3 is not in the log'],
      [({ entries }) => (at(entries, 2).proof[0] = 'AAAA'), 'Entry 3 is malformed'],
      [(all) => (all.scope = 'installation'), 'should be leaf'],
      [(all) => (all.scope = 'everything'), 'whose events'],
      [(all) => (all.format = 'lethe-audit-bundle/2'), 'lethe-audit-bundle/1'],
      [(all) => (all.since as { proof: string[] }).proof.reverse(), 'forked'],
      [(all) => (all.since = { checkpoint: all.checkpoint, proof: ['AAAA'] }), 'forked'],
      [(all) => (all.checkpoint = all.checkpoint.replace('\n23\n', '\n24\n')), 'not signed by the key'],
      [(all) => (all.checkpoint += '— other AAAA\n'), 'more than the one signature'],
      [(all) => Object.assign(all, { comment: 'trust me' }), 'not a bundle in the format'],
    ];
    for (const [change, sentence] of cases) expect(refusalOf(forged(bundle, change), key)).toContain(sentence);
  });

  it('O6: an entry left out of an export of the whole log is missed', async () => {
    const bundle = await log.bundles.run(undefined, { limit: 100 });
    expect(refusalOf(bundle, key)).toBeNull();
    expect(
      refusalOf(
        forged(bundle, ({ entries }) => entries.splice(7, 1)),
        key,
      ),
    ).toContain('Entry 8 should be leaf 7 and is 8');
  });

  it('O6, peers 34: a log that was cut off, or written anew, does not pass beside a checkpoint seen before', async () => {
    const newest = (await log.proofs.checkpoint()).note;
    const another = await createTestDatabase();
    // The same key on a database that begins anew, as an operator would who rewrites history.
    const forger = await TestAuditLog.open(another.url, { clock, settings: { auditKey: log.signingKey() } });
    try {
      await forger.record(mine, 5);
      await forger.seal();
      const shorter = await forger.bundles.run(mine, { limit: 10 });
      expect(refusalOf(shorter, key)).toBeNull();
      expect(refusalOf(shorter, key, newest)).toContain('cut off');
      await forger.record(mine, 18);
      await forger.seal();
      expect(refusalOf(await forger.bundles.run(mine, { limit: 10 }), key, newest)).toContain('forked');
      await forger.record(mine, 1);
      await forger.seal();
      expect(refusalOf(await forger.bundles.run(mine, { limit: 10, since: 23 }), key, newest)).toContain('forked');
    } finally {
      await forger.close();
      await another.drop();
    }
  });

  it('O6: the verifier says the same from another folder, with only Node', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'lethe-verify-'));
    const file = (name: string, content: string) => writeFileSync(join(folder, name), content);
    file('bundle.json', await log.bundles.run(mine, { limit: 100, since: 3 }));
    file('older.txt', kept);
    file('key.txt', `${key}\n`);
    file(
      'forged.json',
      forged(await log.bundles.run(mine, { limit: 100 }), ({ entries }) => entries.pop() && entries.splice(0, 1, entries[1] as Entry)),
    );
    expect(await runVerifier(folder, 'bundle.json', '--key', key, '--checkpoint', 'older.txt')).toEqual({
      code: 0,
      stdout: expect.stringContaining(`verified: events 1 to 14 of ${mine}, none missing between them`),
      stderr: '',
    });
    expect(await runVerifier(folder, '--key=key.txt', 'bundle.json')).toMatchObject({ code: 0 });
    expect(await runVerifier(folder, 'forged.json', '--key', key)).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/^REFUSED: .*\.\n$/),
    });
    expect(await runVerifier(folder, 'key.txt', '--key', key)).toMatchObject({ code: 1 });
    expect(await runVerifier(folder, 'absent.json', '--key', key)).toMatchObject({ code: 2, stderr: expect.stringContaining('ENOENT') });
    expect(await runVerifier(folder, 'bundle.json')).toMatchObject({ code: 2, stderr: expect.stringContaining('usage:') });
    expect(await runVerifier(folder, 'bundle.json', '--key', `${key}x`)).toMatchObject({ code: 2 });
    rmSync(folder, { recursive: true });
  });

  it('D2, peers 34: past their day events are gone and their places with them; what others hold of them still verifies', async () => {
    const before = await log.bundles.run(mine, { limit: 3 });
    const index = entriesOf(before)[0]?.leafIndex ?? -1;
    clock.advance((log.windows.days('audit_log') + 1) * DAY_MS);
    await log.record(mine, 2);
    const size = await log.seal();
    // The day is over, and nothing of it is shown, though its partition still stands.
    expect(entriesOf(await log.bundles.run(mine, { limit: 100 })).map(({ event }) => event?.['number'])).toEqual([15, 16]);
    for (const table of ['audit_event', 'audit_position'])
      await log.unitOfWork.asSystem((tx) => tx.query(`SELECT drop_expired_partitions($1, '2032-05-01')`, [table]));
    expect(await log.rows('SELECT FROM audit_event')).toHaveLength(2);
    const whole = await log.bundles.run(undefined, { limit: 100, since: 23 });
    expect(refusalOf(whole, key, kept)).toContain('since=3');
    expect(refusalOf(whole, key)).toBeNull();
    expect(entriesOf(whole)).toHaveLength(size);
    expect(entriesOf(whole).filter(({ event }) => event === null)).toHaveLength(size - 2);
    expect(refusalOf(before, key)).toBeNull();
    expect(acceptedChanges(Buffer.from(await log.bundles.run(undefined, { from: 4, limit: 1 })))).toEqual([]);
    const byHash = await log.proofs.inclusion(Buffer.from(entriesOf(before)[0]?.leafHash ?? '', 'base64'));
    expect(byHash).toMatchObject({ leafIndex: index, treeSize: size });
    expect((await log.proofs.inclusion(index)).leafHash).toEqual(byHash.leafHash);
  });
});
