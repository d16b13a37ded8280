import { describe, expect, it } from 'vitest';
import { keyOf, verifier } from '../../../../../test/harness/verifier.js';
import { checkpointText, readTreeHead } from './checkpoint.js';
import { hashLeaf } from './merkle-tree.js';
import { isLogName, NoteSigner } from './signed-note.js';

// The example of golang.org/x/mod/sumdb/note, which the specification of signed notes was made from.
const KEY = 'PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz';
const VERIFIER_KEY = 'PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW';
const TEXT = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n";
const NOTE = `${TEXT}\n— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n`;

describe('a signed note', () => {
  it('is byte for byte the one that the reference implementation makes', () => {
    const signer = NoteSigner.parse(KEY);
    expect(signer?.verifierKey).toBe(VERIFIER_KEY);
    expect(signer?.sign(TEXT)).toBe(NOTE);
  });

  it('is signed by a key that was made here and read back, and verified by the verifier', () => {
    const text = NoteSigner.generate('lethe.example/audit');
    const signer = NoteSigner.parse(`${text}\n`);
    if (!signer) throw new Error('the key cannot be read back');
    const root = hashLeaf(Buffer.from('x'));
    const note = signer.sign(checkpointText(signer.name, { size: 7, root }));
    const key = keyOf(signer.verifierKey);
    expect(verifier.readCheckpoint(note, [key], { alone: true, what: 'checkpoint' })).toMatchObject({ size: 7, root });
    expect(readTreeHead('lethe.example/audit', note)).toEqual({ size: 7, root });
    const cosigned = `${note}— witness.example/w AAAAAAAA\n`;
    expect(verifier.readCheckpoint(cosigned, [key], { alone: false, what: 'checkpoint' })).toMatchObject({ size: 7 });
    expect(() => verifier.readCheckpoint(cosigned, [key], { alone: true, what: 'checkpoint' })).toThrow('more than the one signature');
    const other = keyOf(NoteSigner.parse(NoteSigner.generate('lethe.example/audit'))?.verifierKey ?? '');
    expect(() => verifier.readCheckpoint(note, [other], { alone: true, what: 'checkpoint' })).toThrow('not signed by the key you gave');
    expect(() => verifier.readCheckpoint(NOTE, [keyOf(VERIFIER_KEY)], { alone: true, what: 'checkpoint' })).toThrow('is no checkpoint');
  });

  it('has a key of which no character can be wrong', () => {
    for (let at = 0; at < VERIFIER_KEY.length; at += 1) {
      const wrong = VERIFIER_KEY.slice(0, at) + (VERIFIER_KEY[at] === 'A' ? 'B' : 'A') + VERIFIER_KEY.slice(at + 1);
      expect(verifier.readKey(wrong)).toBeUndefined();
    }
    expect(NoteSigner.parse(KEY.replace('c74f20a3', 'c74f20a4'))).toBeUndefined();
    expect(NoteSigner.parse(KEY.replace('PeterNeumann', 'PeterNewman'))).toBeUndefined();
    expect(NoteSigner.parse('')).toBeUndefined();
  });

  it('reads no tree head from what is none', () => {
    const root = hashLeaf(Buffer.from('x')).toString('base64');
    for (const text of [
      `b\n7\n${root}\n\n`,
      `a\n07\n${root}\n\n`,
      `a\n0\n${root}\n\n`,
      `a\n7\n${root.slice(1)}\n\n`,
      `a\n7\n${root}\nx\n\n`,
      '',
    ])
      expect(readTreeHead('a', text)).toBeUndefined();
  });

  it.each(['lethe.example/audit', 'a', 'localhost/lethe-audit', 'x.y/2026'])('%s names a log', (name) =>
    expect(isLogName(name)).toBe(true),
  );
  it.each(['', 'a b', 'a+b', '/a', 'a/', 'a//b', '../a', 'A', 'a\nb', 'é', 'x'.repeat(201)])('%j names none', (name) =>
    expect(isLogName(name)).toBe(false),
  );
});
