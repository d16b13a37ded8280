import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { emailDomain, externalPerson, normalDomain, valueAt } from './external-person.js';

const PATHS = {
  username: 'name',
  email: 'email',
  emailVerified: 'email_verified',
  avatar: 'picture',
  vip: 'plans',
  vipValues: ['gold', '7', 'true'],
};
const person = (claims: object, paths = {}) =>
  externalPerson({ sub: 's', ...claims }, { paths: { ...PATHS, ...paths }, subjectPath: 'sub' });

describe('what is kept of what a provider says', () => {
  it('is id, username, e-mail, avatar and VIP status, and nothing else', () => {
    const said = {
      name: ' kim ',
      email: 'kim@example.com',
      picture: 'https://x.example/a',
      plans: 'gold',
      phone: '1',
      birthdate: '2000-01-01',
    };
    expect(person(said)).toEqual({
      subject: 's',
      profile: { username: 'kim', email: 'kim@example.com', avatarUrl: 'https://x.example/a', vip: true },
      emailVerified: null,
      twoFactors: false,
      hostedDomain: null,
    });
  });

  it.each([{ sub: '' }, { sub: null }, { sub: {} }, { sub: 1.5 }, { sub: 'a\nb' }, { sub: '\uD800' }, { sub: 'x'.repeat(256) }])(
    'is nothing without an id that can be one: %j',
    (claims) => {
      expect(() => person(claims)).toThrow('federation/answer_refused');
    },
  );

  it.each<[string, object]>([
    ['a username that reorders text', { name: 'a\u202Eb' }],
    ['a username that is endless', { name: 'a'.repeat(201) }],
    ['an e-mail address that is none', { email: 'a@b@c d' }],
    ['an e-mail address of no domain', { email: 'kim@localhost' }],
    ['a picture that is a script', { picture: 'javascript:alert(1)' }],
    ['a picture without TLS', { picture: 'http://x.example/a' }],
    ['a picture behind a password', { picture: 'https://a:b@x.example/a' }],
    ['things of the wrong type', { name: 1, email: [], picture: {}, plans: { gold: true } }],
  ])('leaves out %s', (_, claims) => {
    expect(person(claims).profile).toEqual({ username: null, email: null, avatarUrl: null, vip: false });
  });

  it.each<[unknown, boolean]>([
    ['gold', true],
    [7, true],
    [true, true],
    [['silver', 'gold'], true],
    ['Gold', false],
    [[['gold']], false],
    [null, false],
  ])('takes %j at the place of VIPs for %s', (plans, vip) => {
    expect(person({ plans }).profile.vip).toBe(vip);
  });

  it.each<[object, string | null, boolean | null]>([
    [{ email_verified: true }, 'email_verified', true],
    [{ email_verified: 'true' }, 'email_verified', true],
    [{ email_verified: 1 }, 'email_verified', false],
    [{ email_verified: false }, 'email_verified', false],
    [{}, 'email_verified', null],
    [{}, null, true],
  ])('reads %j along %j as an address proven: %s', (claims, emailVerified, proven) => {
    expect(person({ email: 'kim@example.com', ...claims }, { emailVerified }).emailVerified).toBe(proven);
  });

  it.each<[unknown, boolean]>([
    [['pwd', 'otp'], true],
    [['mfa'], true],
    [['pwd'], false],
    [['otp'], false],
    ['mfa', false],
    [[1, 'pwd', null], false],
  ])('reads amr %j as two factors: %s', (amr, two) => {
    expect(person({ amr }).twoFactors).toBe(two);
  });

  it('never throws over anything but the id, whatever JSON comes', () => {
    fc.assert(fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (claims) => void person({ ...claims, sub: 's' })));
  });
});

describe('a path into claims', () => {
  it.each<[string, unknown]>([
    ['a.b', 1],
    ['a.b.c', undefined],
    ['x.y', 2],
    ['list.0', 'first'],
    ['__proto__', undefined],
    ['constructor', undefined],
    ['a.toString', undefined],
  ])('%s leads to %j', (path, value) => {
    expect(valueAt({ a: { b: 1 }, 'x.y': 2, list: ['first'] }, path)).toEqual(value);
  });
});

describe('a domain', () => {
  it.each<[string, string | null]>([
    ['Example.COM', 'example.com'],
    ['ｅｘａｍｐｌｅ.com', 'example.com'],
    ['bücher.example', 'xn--bcher-kva.example'],
    ['example', null],
    ['example.com.', null],
    ['-a.example', null],
    ['127.0.0.1', null],
    ['a..b', null],
    ['', null],
    ['a b.example', null],
  ])('%j is compared as %j', (text, domain) => {
    expect(normalDomain(text)).toBe(domain);
  });

  it.each<[string, string | null]>([
    ['kim@Example.com', 'example.com'],
    ['kim＠example.com', 'example.com'],
    ['a@trusted.example＠evil.example', 'evil.example'],
    ['"a@trusted.example"@evil.example', 'evil.example'],
    ['kim@', null],
  ])('of %j is %j', (email, domain) => {
    expect(emailDomain(email)).toBe(domain);
  });
});
