import { describe, expect, it } from 'vitest';
import { newId, type OrganisationId, type ProjectId } from '../../../kernel/ids.js';
import { hashSecret } from '../../../kernel/secrets.js';
import { KeyBook, type KeyRow } from './key-book.js';

const organisationId = newId<OrganisationId>();
const projectId = newId<ProjectId>();

function row(secret: string, changes: Partial<KeyRow> = {}): KeyRow {
  const secretHash = hashSecret(secret);
  return {
    id: newId(),
    organisationId,
    projectId,
    secretHash,
    scopes: [],
    allowedNetworks: [],
    expiresAt: null,
    revokedAt: null,
    previousHash: null,
    previousExpiresAt: null,
    blockedAt: null,
    ...changes,
  };
}

describe('KeyBook', () => {
  it('gives every call of a key the same principal', () => {
    const book = new KeyBook(10);
    const { principal } = book.put(row('a', { scopes: ['usage:read'] }));
    expect(book.find(hashSecret('a'))?.principal).toBe(principal);
    expect([...principal.permissions].sort()).toEqual(['identity:read', 'usage:read']);
    expect(book.find(hashSecret('b'))).toBeUndefined();
  });

  it('replaces a key that changed and forgets one that was removed', () => {
    const book = new KeyBook(10);
    const key = row('a');
    book.put(key);
    book.put({ ...key, expiresAt: new Date(5) });
    expect(book.size).toBe(1);
    expect(book.find(hashSecret('a'))?.expiresAtMs).toBe(5);
    book.remove(key.id);
    expect(book.find(hashSecret('a'))).toBeUndefined();
    expect(book.size).toBe(0);
  });

  it('knows both secrets of a key that is being rotated, as one caller, and forgets both with it', () => {
    const book = new KeyBook(10);
    const key = row('new', { previousHash: hashSecret('old'), previousExpiresAt: new Date(7), expiresAt: new Date(9) });
    const newest = book.put(key);
    const previous = book.find(hashSecret('old'));
    expect(previous?.principal).toBe(newest.principal);
    expect([newest.expiresAtMs, previous?.expiresAtMs]).toEqual([9, 7]);
    expect([newest.rotated, previous?.rotated]).toEqual([false, true]);
    expect(book.put(key, hashSecret('old'))).toBe(book.find(hashSecret('old')));
    book.put({ ...key, previousExpiresAt: new Date(99) });
    expect(book.find(hashSecret('old'))?.expiresAtMs).toBe(9);
    book.put(row('next', { id: key.id, previousHash: hashSecret('new'), previousExpiresAt: new Date(9) }));
    expect([book.find(hashSecret('old')), book.find(hashSecret('new'))?.rotated, book.size]).toEqual([undefined, true, 2]);
    book.remove(key.id);
    expect(book.size).toBe(0);
  });

  it('lets the first key go when there are too many', () => {
    const book = new KeyBook(2);
    for (const secret of ['a', 'b', 'c']) book.put(row(secret));
    expect(book.size).toBe(2);
    expect(book.find(hashSecret('a'))).toBeUndefined();
    expect(book.find(hashSecret('c'))).toBeDefined();
  });
});
