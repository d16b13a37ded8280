import { describe, expect, it } from 'vitest';
import { Settings } from '../../../../platform/config/settings.js';
import { isFrequentPassword } from './frequent-passwords.js';
import { PasswordHashes } from './password-hashes.js';

describe('isFrequentPassword', () => {
  it.each([
    'password12',
    'PASSWORD12',
    'P@ssw0rd!!',
    'sunshine2024!',
    '!!liverpool1',
    '1234567890',
    'abcdefghijkl',
    'zyxwvutsrq',
    'aaaaaaaaaaaaaa',
    'ababababab',
    'qwertyuiop',
    '\uFF30assword12',
  ])('K5: %j is', async (password) => expect(await isFrequentPassword(password)).toBe(true));

  it.each([
    'quiet otters row upstream',
    'correct horse battery staple',
    'Xk9#vQ2mPz7w',
    '\u0442\u0438\u0445\u0438\u0435 \u0432\u044b\u0434\u0440\u044b',
  ])('%j is not', async (password) => expect(await isFrequentPassword(password)).toBe(false));
});

describe('PasswordHashes', () => {
  const hashes = new PasswordHashes(new Settings());

  it('a hash made at a lower cost takes as long to say no as none: nobody learns from the time whose it is', async () => {
    const old = await new PasswordHashes(Object.assign(new Settings(), { passwordCost: 6 })).hash('quiet otters row upstream');
    const millisecondsOf = async (stored: string | null): Promise<number> => {
      const startedAt = performance.now();
      expect(await hashes.verify('wrong', stored)).toBe(false);
      return performance.now() - startedAt;
    };
    await millisecondsOf(null);
    // A hash of cost 6 takes 3 ms, one of cost 12 some 200.
    expect((await millisecondsOf(old)) / (await millisecondsOf(null))).toBeGreaterThan(0.3);
  });

  it('K5: bcrypt at cost 12 or more, without the limits of 72 bytes and of NUL, and the same for é however it is written', async () => {
    const long = `${'x'.repeat(100)}\u0000caf\u00e9`;
    const stored = await hashes.hash(long);
    expect(stored).toMatch(/^\$2b\$12\$/);
    expect(await hashes.verify(long.normalize('NFD'), stored)).toBe(true);
    for (const wrong of [long.slice(0, 72), long.slice(0, 101), `${'x'.repeat(100)}\u0000cafe`]) {
      expect(await hashes.verify(wrong, stored)).toBe(false);
    }
    expect(stored).not.toContain('x'.repeat(10));
  });

  it('without a hash to compare with the answer is no, and takes as long', async () => {
    await hashes.verify('warm up', null);
    const startedAt = performance.now();
    expect(await hashes.verify('nobody', null)).toBe(false);
    expect(performance.now() - startedAt).toBeGreaterThan(50);
  });

  it('a hash of a lower cost is known as such', async () => {
    const dearer = new PasswordHashes(Object.assign(new Settings(), { passwordCost: 13 }));
    const stored = await hashes.hash('anything');
    expect([hashes.isOutdated(stored), dearer.isOutdated(stored)]).toEqual([false, true]);
  });

  it('the event loop goes on meanwhile, and past 64 waiting the rest is told to come back', async () => {
    const cheap = new PasswordHashes(Object.assign(new Settings(), { passwordCost: 4 }));
    const all = await Promise.allSettled(Array.from({ length: 100 }, () => cheap.hash('x')));
    const refused = all.filter((one) => one.status === 'rejected');
    expect(refused).toHaveLength(100 - 2 - 64);
    expect(refused[0]).toMatchObject({ reason: { code: 'accounts/busy', status: 503 } });
    expect(await cheap.verify('x', await cheap.hash('x'))).toBe(true);
  });
});
