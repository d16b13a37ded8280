import { beforeAll, describe, expect, it } from 'vitest';
import {
  assertionXml,
  type ForgedAnswer,
  formField,
  makeSamlKey,
  responseXml,
  type SamlKey,
  signedAnswer,
  signElement,
} from '../../../../../test/harness/saml-forge.js';
import { AppError } from '../../../../kernel/errors.js';
import { checkResponse, type ProvenAssertion, type ResponseExpectation } from './check-response.js';
import { openEnvelope } from './response-envelope.js';

const NOW = Date.parse('2026-11-21T12:00:00Z');
const FAIR: ForgedAnswer = {
  issuer: 'https://idp.example.test/metadata',
  audience: 'https://lethe.example.test/saml/1',
  consumerUrl: 'https://lethe.example.test/saml/1/consume',
  requestId: '_request',
  nowMs: NOW,
};

let key: SamlKey;
let stranger: SamlKey;

beforeAll(() => {
  [key, stranger] = [makeSamlKey(), makeSamlKey()];
});

function check(xml: string, expected: Partial<ResponseExpectation> = {}): ProvenAssertion {
  return checkResponse(openEnvelope(formField(xml)), {
    issuer: FAIR.issuer,
    certificates: [key.certificate],
    audience: FAIR.audience,
    consumerUrl: FAIR.consumerUrl,
    requestId: '_request',
    nowMs: NOW,
    ...expected,
  });
}

function refusalOf(act: () => unknown): unknown {
  try {
    act();
  } catch (error) {
    if (error instanceof AppError) return error.details.reason ?? error.code;
    throw error;
  }
  return 'accepted';
}

describe('an answer that is in order', () => {
  it('A1: names who has signed in, and until when the same assertion could come again', () => {
    const proven = check(signedAnswer({ ...FAIR, attributes: { mail: 'ada@example.test' } }, key));
    expect(proven).toMatchObject({ id: '_assertion', subject: { nameId: 'ada@example.test' }, usableUntilMs: NOW + 360_000 });
    expect(proven.attributes.get('mail')).toEqual(['ada@example.test']);
  });

  it('may be signed as a whole, or both as a whole and in its assertion', () => {
    const whole = signElement(responseXml(FAIR, assertionXml(FAIR)), 'Response', key);
    const both = signElement(signedAnswer(FAIR, key), 'Response', key);
    expect(check(whole).subject.nameId).toBe('ada@example.test');
    expect(check(both).subject.nameId).toBe('ada@example.test');
  });

  it('may be signed with any of the certificates while the provider changes its key', () => {
    const certificates = [stranger.certificate, key.certificate];
    expect(check(signedAnswer(FAIR, key), { certificates }).id).toBe('_assertion');
  });

  it.each(['http://www.w3.org/2001/04/xmldsig-more#rsa-sha512', 'http://www.w3.org/2007/05/xmldsig-more#sha256-rsa-MGF1'])(
    'may be signed with %s',
    (signature) => {
      expect(check(signedAnswer(FAIR, key, { signature })).id).toBe('_assertion');
    },
  );

  it('is accepted unasked only where the caller expects no request', () => {
    const unasked = { ...FAIR, requestId: null };
    expect(check(signedAnswer(unasked, key), { requestId: null }).id).toBe('_assertion');
    expect(refusalOf(() => check(signedAnswer(unasked, key)))).toBe('wrong_request');
    expect(refusalOf(() => check(signedAnswer(FAIR, key), { requestId: null }))).toBe('wrong_request');
  });

  it('forgives clocks a minute, and not two', () => {
    const signed = signedAnswer({ ...FAIR, notBeforeMs: NOW, notOnOrAfterMs: NOW + 60_000 }, key);
    expect(check(signed, { nowMs: NOW - 59_000 }).id).toBe('_assertion');
    expect(check(signed, { nowMs: NOW + 119_000 }).id).toBe('_assertion');
    expect(refusalOf(() => check(signed, { nowMs: NOW - 61_000 }))).toBe('not_yet_valid');
    expect(refusalOf(() => check(signed, { nowMs: NOW + 120_000 }))).toBe('expired');
  });
});

describe('an answer that says something else than it should', () => {
  const wrong: [string, Partial<ForgedAnswer>, string][] = [
    ['another issuer', { issuer: 'https://evil.example.test' }, 'wrong_issuer'],
    ['another audience', { audience: 'https://other.example.test' }, 'wrong_audience'],
    ['another recipient', { recipient: 'https://other.example.test/consume' }, 'wrong_recipient'],
    ['another destination', { destination: 'https://other.example.test/consume' }, 'wrong_destination'],
    ['another request', { requestId: '_other' }, 'wrong_request'],
    ['another request in what is signed', { confirmationRequestId: '_other' }, 'wrong_request'],
    ['no request in what is signed', { confirmationRequestId: null }, 'wrong_request'],
    ['a failure', { status: 'urn:oasis:names:tc:SAML:2.0:status:Responder' }, 'status_not_success'],
    ['a subject for one visit only', { nameFormat: 'urn:oasis:names:tc:SAML:2.0:nameid-format:transient' }, 'no_subject'],
    ['no subject', { nameId: '   ' }, 'no_subject'],
    ['a condition nobody knows', { conditions: '<saml:Condition xmlns:x="urn:x"/>' }, 'unknown_condition'],
  ];
  it.each(wrong)('is refused: %s', (_what, change, reason) => {
    expect(refusalOf(() => check(signedAnswer({ ...FAIR, ...change }, key)))).toBe(reason);
  });

  it('must say where it was sent when it is signed as a whole', () => {
    const xml = signElement(responseXml({ ...FAIR, destination: null }, assertionXml(FAIR)), 'Response', key);
    expect(refusalOf(() => check(xml))).toBe('wrong_destination');
  });
});

describe('a signature', () => {
  it('A1: is needed: stripping it is refused', () => {
    expect(refusalOf(() => check(responseXml(FAIR, assertionXml(FAIR))))).toBe('unsigned');
    const stripped = signedAnswer(FAIR, key).replace(/<Signature[\s\S]*<\/Signature>/, '');
    expect(refusalOf(() => check(stripped))).toBe('unsigned');
  });

  it('must be made with a key of the provider, whatever certificate the answer brings along', () => {
    expect(refusalOf(() => check(signedAnswer(FAIR, stranger)))).toBe('signature_invalid');
  });

  it('covers every byte that is read', () => {
    const forged = signedAnswer(FAIR, key).replace('ada@example.test', 'eve@example.test');
    expect(refusalOf(() => check(forged))).toBe('signature_invalid');
  });

  it('of the whole answer must hold as well, when there is one', () => {
    const both = signElement(signedAnswer(FAIR, key), 'Response', stranger);
    expect(refusalOf(() => check(both))).toBe('signature_invalid');
  });

  it.each([
    ['RSA with SHA-1', { signature: 'http://www.w3.org/2000/09/xmldsig#rsa-sha1' }],
    ['a SHA-1 digest', { digest: 'http://www.w3.org/2000/09/xmldsig#sha1' }],
    [
      'another canonicalisation',
      { transforms: ['http://www.w3.org/2000/09/xmldsig#enveloped-signature', 'http://www.w3.org/TR/2001/REC-xml-c14n-20010315'] },
    ],
    ['no enveloped transform', { transforms: ['http://www.w3.org/2001/10/xml-exc-c14n#'] }],
  ])('is refused with %s', (_what, choice) => {
    expect(refusalOf(() => check(signedAnswer(FAIR, key, choice)))).toBe('algorithm_not_allowed');
  });

  it('cannot be a keyed hash of the public key', () => {
    const confused = signedAnswer(FAIR, key).replace(
      'http://www.w3.org/2001/04/xmldsig-more#rsa-sha256',
      'http://www.w3.org/2000/09/xmldsig#hmac-sha1',
    );
    expect(refusalOf(() => check(confused))).toBe('algorithm_not_allowed');
  });

  it('covers one thing, by its id and not by an empty reference', () => {
    const signed = signedAnswer(FAIR, key);
    expect(refusalOf(() => check(signed.replace('URI="#_assertion"', 'URI=""')))).toBe('misplaced_signature');
    const twice = signed.replace(/(<Reference[\s\S]*<\/Reference>)/, '$1$1');
    expect(refusalOf(() => check(twice))).toBe('misplaced_signature');
  });
});
