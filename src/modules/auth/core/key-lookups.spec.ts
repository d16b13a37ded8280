import { describe, expect, it } from 'vitest';
import type { ApiKeyId, OrganisationId, ProjectId } from '../../../kernel/ids.js';
import { newId } from '../../../kernel/ids.js';
import { hashSecret } from '../../../kernel/secrets.js';
import type { KeyRow } from './key-book.js';
import { KeyLookups } from './key-lookups.js';

const bounds = { batch: 4, waiting: 8, timeoutMs: 100, stuck: 1 };

function row(secret: string): KeyRow {
  return {
    id: newId<ApiKeyId>(),
    organisationId: newId<OrganisationId>(),
    projectId: newId<ProjectId>(),
    secretHash: hashSecret(secret),
    scopes: ['inference:invoke'],
    allowedNetworks: [],
    expiresAt: null,
    revokedAt: null,
    previousHash: null,
    previousExpiresAt: null,
    blockedAt: null,
  };
}

describe('KeyLookups', () => {
  it('asks once for a key many ask for, and for many keys in one statement', async () => {
    const known = row('known');
    const asked: number[] = [];
    const lookups = new KeyLookups(async (hashes) => {
      asked.push(hashes.length);
      return hashes.some((hash) => hash.equals(known.secretHash)) ? [known] : [];
    }, bounds);
    const first = lookups.find(hashSecret('first'));
    const rest = ['known', 'known', 'known', 'other'].map((secret) => lookups.find(hashSecret(secret)));
    expect(await Promise.all([first, ...rest])).toEqual([null, known, known, known, null]);
    expect(asked).toEqual([1, 2]);
  });

  it('finds a key by either of its secrets', async () => {
    const key = { ...row('new'), previousHash: hashSecret('old'), previousExpiresAt: new Date() };
    const lookups = new KeyLookups(() => Promise.resolve([key]), bounds);
    expect(await Promise.all(['new', 'old', 'other'].map((secret) => lookups.find(hashSecret(secret))))).toEqual([key, key, null]);
  });

  it('turns keys away rather than let a queue grow without bound', async () => {
    const gate = Promise.withResolvers<KeyRow[]>();
    const lookups = new KeyLookups(() => gate.promise, bounds);
    const waiting = Array.from({ length: 9 }, (_, n) => lookups.find(hashSecret(`waits ${n}`)));
    await expect(lookups.find(hashSecret('one too many'))).rejects.toThrow('too many');
    gate.resolve([]);
    expect(await Promise.all(waiting)).toEqual(Array(9).fill(null));
  });

  it('peers 25: one failure answers all who wait, and the next look-up tries again', async () => {
    let broken = true;
    const lookups = new KeyLookups(async () => {
      if (broken) throw new Error('no connection');
      return [];
    }, bounds);
    const results = await Promise.allSettled(Array.from({ length: 6 }, (_, n) => lookups.find(hashSecret(`key ${n}`))));
    expect(results.map(({ status }) => status)).toEqual(Array(6).fill('rejected'));
    broken = false;
    expect(await lookups.find(hashSecret('key 1'))).toBeNull();
  });

  it('gives up on a database that does not answer, holds few of its connections, and recovers when it answers', async () => {
    let reads = 0;
    const gate = Promise.withResolvers<KeyRow[]>();
    const lookups = new KeyLookups(() => {
      reads += 1;
      return gate.promise;
    }, bounds);
    for (let n = 0; n < 5; n += 1) await expect(lookups.find(hashSecret(`key ${n}`))).rejects.toThrow();
    expect(reads).toBe(2);
    gate.resolve([]);
    await gate.promise;
    expect(await lookups.find(hashSecret('key 9'))).toBeNull();
  });
});
