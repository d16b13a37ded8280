import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { refusalOf, runVerifier, verifier } from '../../../../../test/harness/verifier.js';
import { newId } from '../../../../kernel/ids.js';
import { canonicalJson, type Json } from './canonical-json.js';
import { checkpointText } from './checkpoint.js';
import { hashLeaf, hashNode, inclusionPath } from './merkle-tree.js';
import { NoteSigner } from './signed-note.js';
import { TileTree } from './tile-tree.js';

type Event = Record<string, Json>;

// Here the log's own operator is the attacker: leaves, numbers and signatures are whatever he likes.
const signer = NoteSigner.parse(NoteSigner.generate('lethe.example/audit')) as NoteSigner;
const key = signer.verifierKey;
const mine = newId();
const folder = mkdtempSync(join(tmpdir(), 'lethe-verify-'));

afterAll(() => rmSync(folder, { recursive: true }));

function event(number: Json, changes: Event = {}): Event {
  const who = { actorId: 'test', actorKind: 'system', organisationId: mine, targetId: 't1', targetType: 'thing' };
  const when = { expiresOn: '2032-05-01', occurredAt: '2031-05-01T10:00:00.000Z' };
  const rest = { action: 'thing.changed', detail: {}, format: 'lethe-audit-event/1', id: newId(), nonce: 'AAAA' };
  return { ...rest, ...who, ...when, number, ...changes };
}

/** A bundle that is true to a signed tree of these leaves; those at `hidden` are given by their hashes alone. */
function bundleOf(events: readonly Json[], scope: string, hidden: readonly number[] = []): string {
  const leaves = events.map((each) => hashLeaf(Buffer.from(canonicalJson(each), 'utf8')));
  const tree = new TileTree([]);
  tree.append(0, leaves);
  const size = leaves.length;
  const entries = events.map((each, leafIndex) => ({
    event: hidden.includes(leafIndex) ? null : each,
    leafHash: leaves[leafIndex]?.toString('base64') ?? '',
    leafIndex,
    proof: inclusionPath(leafIndex, size).map((range) => tree.hashOf(range).toString('base64')),
  }));
  const checkpoint = signer.sign(checkpointText(signer.name, { size, root: tree.hashOf({ from: 0, to: size }) }));
  return `${canonicalJson({ checkpoint, entries, format: 'lethe-audit-bundle/1', scope, since: null })}\n`;
}

function run(bundle: string, ...args: readonly string[]): ReturnType<typeof runVerifier> {
  writeFileSync(join(folder, 'bundle.json'), bundle);
  return runVerifier(folder, 'bundle.json', '--key', key, ...args);
}

describe('the verifier, shown a bundle by an operator who lies', () => {
  it('O6: takes one way of writing each thing: no second member of a name, no other form of a number, no escape', () => {
    const bundle = bundleOf([event(1), event(2)], 'organisation');
    expect(refusalOf(bundle, key)).toBeNull();
    const rewritten: [string, string][] = [
      ['"scope":', '"scope":"installation","scope":'],
      ['"leafIndex":1', '"leafIndex":1.0'],
      ['"leafIndex":1', '"leafIndex":1e0'],
      ['"leafIndex":0', '"leafIndex":-0'],
      ['"number":2', '"number":2.0000000000000000001'],
      ['thing.changed', 'thing\\u002echanged'],
      ['"detail":{}', '"detail":{"__proto__":{}}'],
      ['"detail":{}', '"detail":{"b":1,"a":1}'],
      ['{"checkpoint"', '\uFEFF{"checkpoint"'],
    ];
    for (const [from, to] of rewritten) expect(refusalOf(bundle.replace(from, to), key), to).not.toBeNull();
  });

  it('O6: a signed leaf that is no event, or would put words into the verifier’s mouth, is refused', () => {
    const lies: Json[] = [
      event(1, { organisationId: `${mine}, none missing\nextends:  the checkpoint of size 9` }),
      event(1, { organisationId: [mine] }),
      event(1, { format: 'lethe-audit-event/2' }),
      event(1, { note: 'trust me' }),
      Object.fromEntries(Object.entries(event(1)).filter(([name]) => name !== 'organisationId')),
      event(0),
      event('1'),
      'an event',
      false,
    ];
    for (const lie of lies)
      for (const scope of ['organisation', 'installation'])
        expect(refusalOf(bundleOf([lie], scope), key)).toContain('Entry 1 holds no event in the format lethe-audit-event/1');
  });

  it('O6: two events of one number, one to show and one to hide, are noticed by whoever sees the whole log', () => {
    const others = event(1, { organisationId: newId() });
    expect(refusalOf(bundleOf([event(1), others, event(2), event(3)], 'installation'), key)).toBeNull();
    expect(refusalOf(bundleOf([event(1), event(2), others, event(2)], 'installation'), key)).toContain(
      'Entry 4 is number 2 of its organisation, behind number 2',
    );
  });

  it('O6: does not say that an event has expired, which it cannot know, nor that there are no events', async () => {
    const { code, stdout } = await run(bundleOf([event(1), event(2)], 'installation', [1]));
    expect(code).toBe(0);
    expect(stdout).toContain('withheld: 1 events, of which only leaf hashes are here: past their time, or left out');
    const none = bundleOf([event(1)], 'organisation').replace(/"entries":\[.*\],"format"/, '"entries":[],"format"');
    expect((await run(none)).stdout).toContain('the bundle holds no events');
  });

  it('O6: two checkpoints to hold a bundle against are one too many, and not the last alone', async () => {
    const bundle = bundleOf([event(1)], 'organisation');
    writeFileSync(join(folder, 'same.txt'), JSON.parse(bundle).checkpoint);
    writeFileSync(join(folder, 'forked.txt'), signer.sign(checkpointText(signer.name, { size: 1, root: hashLeaf(Buffer.from('x')) })));
    expect(await run(bundle, '--checkpoint', 'same.txt')).toMatchObject({ code: 0 });
    expect(await run(bundle, '--checkpoint', 'forked.txt')).toMatchObject({ code: 1 });
    expect(await run(bundle, '--checkpoint', 'forked.txt', '--checkpoint', 'same.txt')).toMatchObject({ code: 2 });
  });

  it('O6: counts exactly where a logarithm would round', () => {
    const [left, old, added] = ['left', 'old', 'added'].map((text) => hashLeaf(Buffer.from(text))) as [Buffer, Buffer, Buffer];
    const size = 2 ** 49 + 2;
    const path = [old, added, left];
    const [olderRoot, root] = [hashNode(left, old), hashNode(left, hashNode(old, added))];
    expect(verifier.isConsistent(size - 1, size, olderRoot, root, path)).toBe(true);
    expect(verifier.isConsistent(size - 1, size, olderRoot, root, path.slice(1))).toBe(false);
  });
});
