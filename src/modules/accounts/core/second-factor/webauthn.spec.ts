import { generateKeyPairSync, randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Credential, type Deviation, SoftwareAuthenticator } from '../../../../../test/harness/software-authenticator.js';
import { type AccountId, newId } from '../../../../kernel/ids.js';
import { type RelyingParty, relyingPartyOf } from './relying-party.js';
import { type AssertionAnswer, assertionOptions, type AssertionUse, type ProvenAssertion, verifyAssertion } from './webauthn-assertion.js';
import { claimedChallenge } from './webauthn-client-data.js';
import { type RegisteredCredential, type RegistrationAnswer, registrationOptions, verifyRegistration } from './webauthn-registration.js';

const party = relyingPartyOf('https://lethe.example');
const accountId = newId<AccountId>();
const owner = { accountId, name: 'ann@example.org', displayName: 'Ann' };

function registrationAnswer(credential: Credential): RegistrationAnswer {
  const response = credential['response'] as Omit<RegistrationAnswer, 'id'>;
  return { ...response, id: credential.id };
}

function assertionAnswer(credential: Credential): AssertionAnswer {
  const response = credential['response'] as Partial<AssertionAnswer>;
  return { userHandle: null, ...response, id: credential.id } as AssertionAnswer;
}

async function register(device: SoftwareAuthenticator, lie: Deviation = {}): Promise<RegisteredCredential> {
  const options = await registrationOptions(party, owner, randomBytes(32), []);
  return verifyRegistration(party, options.challenge, registrationAnswer(device.create(options, lie)));
}

interface Use {
  readonly use?: AssertionUse;
  readonly party?: RelyingParty;
}

async function assert(
  device: SoftwareAuthenticator,
  kept: RegisteredCredential,
  lie: Deviation = {},
  { use = 'second_factor', party: at = party }: Use = {},
): Promise<ProvenAssertion> {
  const options = await assertionOptions(party, use, randomBytes(32), use === 'passkey' ? [] : [kept]);
  const answer = assertionAnswer(device.get({ ...options, rpId: party.id }, lie));
  return verifyAssertion(at, { use, challenge: options.challenge, credential: { accountId, ...kept } }, answer);
}

const REFUSED = { code: 'second_factors/refused', status: 401 };
const LIES: readonly [string, Deviation][] = [
  ['another origin', { origin: 'https://lethe.example.evil.test' }],
  ['the same host on another port', { origin: 'https://lethe.example:8443' }],
  ['the same host without TLS', { origin: 'http://lethe.example' }],
  ['a frame on another site', { crossOrigin: true }],
  ['another relying party', { rpId: 'evil.test' }],
  ['another challenge', { challenge: randomBytes(32).toString('base64url') }],
  ['the other ceremony', { type: 'other' }],
  ['nobody at the device', { userPresent: false }],
];

describe('a WebAuthn registration', () => {
  it('A1: gives the public key, asked for without attestation and with an opaque user handle', async () => {
    const options = await registrationOptions(party, owner, randomBytes(32), [{ credentialId: randomBytes(16), transports: ['nfc'] }]);
    expect(options).toMatchObject({
      rp: { id: 'lethe.example' },
      attestation: 'none',
      authenticatorSelection: { residentKey: 'preferred', userVerification: 'preferred' },
      excludeCredentials: [{ type: 'public-key', transports: ['nfc'] }],
    });
    expect(Buffer.from(options.user.id, 'base64url').toString('hex')).toBe(accountId.replaceAll('-', ''));
    const device = new SoftwareAuthenticator(party.origin);
    const kept = await register(device);
    expect(kept).toMatchObject({ counter: 0, transports: ['usb'], backedUp: false });
    expect(await assert(device, kept)).toEqual({ counter: 1, backedUp: false });
  });

  it.each([...LIES, ['an answer to a request to sign in', { type: 'webauthn.get' }] as const])('A1: is refused with %s', async (_, lie) => {
    const attempt = register(new SoftwareAuthenticator(party.origin), lie);
    await expect(attempt).rejects.toMatchObject({ code: 'second_factors/registration_refused', status: 400 });
  });

  it('looks at no attestation statement: a certificate of a stranger is neither parsed nor followed', async () => {
    const attStmt = new Map<string, number | Buffer | Buffer[]>([
      ['alg', -7],
      ['sig', randomBytes(70)],
      ['x5c', [randomBytes(500)]],
    ]);
    const kept = await register(new SoftwareAuthenticator(party.origin), { attestation: { fmt: 'packed', attStmt } });
    expect(kept.publicKey.length).toBeGreaterThan(64);
  });

  it('A1: is refused for whatever bytes come', async () => {
    const clientDataJSON = Buffer.from(JSON.stringify({ type: 'webauthn.create', challenge: 'YQ', origin: party.origin })).toString(
      'base64url',
    );
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 400 }), fc.boolean(), async (bytes, isClientData) => {
        const text = Buffer.from(bytes).toString('base64url');
        const answer = { id: 'AAAA', transports: [], clientDataJSON: isClientData ? text : clientDataJSON, attestationObject: text };
        await expect(verifyRegistration(party, 'YQ', answer)).rejects.toMatchObject({ code: 'second_factors/registration_refused' });
      }),
    );
    const deep = Buffer.alloc(60_000, 0x81).toString('base64url');
    await expect(
      verifyRegistration(party, 'YQ', { id: 'AAAA', transports: [], clientDataJSON, attestationObject: deep }),
    ).rejects.toMatchObject({ code: 'second_factors/registration_refused' });
  });
});

describe('a WebAuthn assertion', () => {
  it.each([
    ...LIES,
    ['an answer to a registration', { type: 'webauthn.create' }] as const,
    ['the key of another device', { key: generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey }] as const,
    ['the user handle of another account', { userHandle: Buffer.alloc(16).toString('base64url') }] as const,
  ])('A1: is refused with %s', async (_, lie) => {
    const device = new SoftwareAuthenticator(party.origin);
    const kept = await register(device);
    await expect(assert(device, kept, lie)).rejects.toMatchObject(REFUSED);
    await expect(assert(device, kept, lie, { use: 'passkey' })).rejects.toMatchObject(REFUSED);
  });

  it('A1: is refused once a single bit of what was signed, or of the signature, is another', async () => {
    const device = new SoftwareAuthenticator(party.origin);
    const kept = await register(device);
    const { challenge } = await assertionOptions(party, 'second_factor', randomBytes(32), [kept]);
    const answer = assertionAnswer(device.get({ challenge, rpId: party.id }));
    const expected = { use: 'second_factor', challenge, credential: { accountId, ...kept } } as const;
    await expect(verifyAssertion(party, expected, answer)).resolves.toMatchObject({ counter: 1 });
    // Of the signature its last number: the frame around its two is not a part of either.
    for (const [part, from] of [
      ['authenticatorData', 0],
      ['clientDataJSON', 0],
      ['signature', -30],
    ] as const) {
      const bytes = Buffer.from(answer[part], 'base64url');
      for (let bit = (from < 0 ? bytes.length + from : 0) * 8; bit < bytes.length * 8; bit += 7) {
        const changed = Buffer.from(bytes);
        changed[bit >> 3] = (changed[bit >> 3] as number) ^ (1 << (bit & 7));
        await expect(verifyAssertion(party, expected, { ...answer, [part]: changed.toString('base64url') })).rejects.toMatchObject(REFUSED);
      }
    }
  });

  it('A1: as a passkey it needs a verified user and says whose it is; as a second factor neither', async () => {
    const device = new SoftwareAuthenticator(party.origin);
    const kept = await register(device);
    await expect(assert(device, kept, { userVerified: false }, { use: 'passkey' })).rejects.toMatchObject(REFUSED);
    await expect(assert(device, kept, { userHandle: null }, { use: 'passkey' })).rejects.toMatchObject(REFUSED);
    await expect(assert(device, kept, {}, { use: 'passkey' })).resolves.toBeDefined();
    await expect(assert(device, kept, { userVerified: false, userHandle: null })).resolves.toBeDefined();
  });

  it('A1: a counter proves nothing before the signature does, so that nobody can have a stranger’s key taken for cloned', async () => {
    const device = new SoftwareAuthenticator(party.origin);
    const kept = { ...(await register(device)), counter: 100 };
    await expect(assert(device, kept, { counter: 5 })).resolves.toEqual({ counter: 5, backedUp: false });
    const { privateKey: key } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    await expect(assert(device, kept, { counter: 5, key })).rejects.toMatchObject(REFUSED);
  });
});

describe('the relying party', () => {
  it.each([
    ['https://lethe.example', 'lethe.example', 'https://lethe.example'],
    ['https://ai.acme.example:8443/base/', 'ai.acme.example', 'https://ai.acme.example:8443'],
    ['http://localhost:8080', 'localhost', 'http://localhost:8080'],
    ['http://127.0.0.1:8080', 'localhost', 'http://localhost:8080'],
    ['http://[::1]:8080', 'localhost', 'http://localhost:8080'],
  ])('of %s is %s', (url, id, origin) => {
    expect(relyingPartyOf(url)).toEqual({ id, name: id, origin });
  });

  it.each(['http://lethe.example', 'https://192.0.2.7', 'https://[2001:db8::7]', 'http://10.0.0.1'])('cannot be %s', (url) => {
    expect(() => relyingPartyOf(url)).toThrow(expect.objectContaining({ code: 'second_factors/webauthn_unavailable' }));
  });
});

describe('client data', () => {
  it('says its challenge, or nothing when it is no client data', () => {
    const text = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');
    expect(claimedChallenge(text({ challenge: 'YWJj' }))).toBe('YWJj');
    for (const other of [text({ challenge: 7 }), text(null), text([]), '', '%%%', Buffer.from('{').toString('base64url')])
      expect(claimedChallenge(other)).toBeNull();
  });
});
