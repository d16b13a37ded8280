import { describe, expect, it } from 'vitest';
import { isSecretShaped, newSecret } from '../../../kernel/secrets.js';
import { flowSecrets } from './flow-secrets.js';
import { isReturnPath } from './return-path.js';

describe('the secrets of a flow', () => {
  it('are the same for the same browser and state, and others for any other', () => {
    const [browser, state] = [newSecret(), newSecret()];
    const flow = flowSecrets(browser, state);
    expect(flowSecrets(browser, state)).toEqual(flow);
    const others = [flowSecrets(newSecret(), state), flowSecrets(browser, newSecret())];
    const values = [flow, ...others].flatMap(({ codeVerifier, nonce }) => [codeVerifier, nonce]);
    expect(new Set(values).size).toBe(6);
    expect(values.every(isSecretShaped)).toBe(true);
  });
});

describe('a return path', () => {
  it.each(['/', '/a', '/a/b/', '/a-b_c.d~e/f', '/a?b=c&d=%20+', '/?x=1'])('may be %j', (path) => {
    expect(isReturnPath(path)).toBe(true);
  });

  it.each(['', 'a', '//a', '/\\a', '/a//b', '/a\\b', '/a#b', '/a:b', '/@a', '/a b', '/\n', '/a?b=//c', '/a?b=http://c', 'http://a', '/é'])(
    'is never %j',
    (path) => {
      expect(isReturnPath(path)).toBe(false);
    },
  );
});
