import { describe, expect, it } from 'vitest';
import { table } from './terminal.js';

describe('table', () => {
  it('lines columns up under their titles', () => {
    const text = table(
      [
        { id: '1', name: 'a long name', state: 'active' },
        { id: '22', name: 'b', state: 'revoked' },
      ],
      'none',
    );
    expect(text.split('\n')).toEqual(['id  name         state', '1   a long name  active', '22  b            revoked']);
  });

  it('says so when there is nothing to show', () => {
    expect(table([], 'no keys')).toBe('no keys');
  });
});
