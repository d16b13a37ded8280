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
import { checkResponse } from './check-response.js';
import { openEnvelope } from './response-envelope.js';

const NOW = Date.parse('2026-11-21T12:00:00Z');
const FAIR: ForgedAnswer = {
  issuer: 'https://idp.example.test/metadata',
  audience: 'https://lethe.example.test/saml/1',
  consumerUrl: 'https://lethe.example.test/saml/1/consume',
  requestId: '_request',
  nowMs: NOW,
};
const EVIL: ForgedAnswer = { ...FAIR, nameId: 'eve@example.test', assertionId: '_evil', responseId: '_evil_response' };
const SIGNATURE = /<Signature[\s\S]*<\/Signature>/;

let key: SamlKey;
/** The signed parts an attacker has seen, to be wrapped in something else. */
let response: { whole: string; signature: string; bare: string };
let assertion: { whole: string; signature: string; bare: string };

beforeAll(() => {
  key = makeSamlKey();
  response = parts(signElement(responseXml(FAIR, assertionXml(FAIR)), 'Response', key));
  assertion = parts(signElement(assertionXml(FAIR), 'Assertion', key));
});

function parts(whole: string): { whole: string; signature: string; bare: string } {
  const signature = SIGNATURE.exec(whole)?.[0] ?? '';
  return { whole, signature, bare: whole.replace(SIGNATURE, '') };
}

function refusalOf(xml: string): unknown {
  try {
    const { subject } = checkResponse(openEnvelope(formField(xml)), {
      issuer: FAIR.issuer,
      certificates: [key.certificate],
      audience: FAIR.audience,
      consumerUrl: FAIR.consumerUrl,
      requestId: '_request',
      nowMs: NOW,
    });
    return `signed in as ${subject.nameId}`;
  } catch (error) {
    if (error instanceof AppError) return error.details.reason ?? error.code;
    throw error;
  }
}

/** The attacker's answer with something put after its issuer. */
function evilResponse(inside: string): string {
  return responseXml(EVIL, assertionXml(EVIL)).replace('</saml:Issuer>', `</saml:Issuer>${inside}`);
}

function evilAssertion(inside: string): string {
  return assertionXml(EVIL).replace('</saml:Issuer>', `</saml:Issuer>${inside}`);
}

/** A signature with something hidden in it, bare or in an `Object`. */
function hiding(signature: string, hidden: string): string {
  return signature.replace('</Signature>', `${hidden}</Signature>`);
}

function inObject(hidden: string): string {
  return `<Object xmlns="http://www.w3.org/2000/09/xmldsig#">${hidden}</Object>`;
}

describe('A1: signature wrapping (Somorovsky et al., "On Breaking SAML", 2012)', () => {
  it('the parts are good ones: put together unchanged they are accepted', () => {
    expect(refusalOf(response.whole)).toBe('signed in as ada@example.test');
    expect(refusalOf(responseXml(FAIR, assertion.whole))).toBe('signed in as ada@example.test');
  });

  const attacks: [string, () => string, string][] = [
    [
      'XSW1: the signed answer inside the signature of a forged one',
      () => evilResponse(hiding(response.signature, response.bare)),
      'not_one_assertion',
    ],
    [
      'XSW2: the signed answer beside the signature in a forged one',
      () => evilResponse(`${response.bare}${response.signature}`),
      'not_one_assertion',
    ],
    [
      'XSW3: a forged assertion before the signed one',
      () => responseXml(FAIR, `${assertionXml(EVIL)}${assertion.whole}`),
      'not_one_assertion',
    ],
    ['XSW4: a forged assertion around the signed one', () => responseXml(FAIR, evilAssertion(assertion.whole)), 'not_one_assertion'],
    [
      'XSW5: the signature in a forged assertion, the signed one after it',
      () => responseXml(FAIR, `${evilAssertion(assertion.signature)}${assertion.bare}`),
      'not_one_assertion',
    ],
    [
      'XSW6: the signed assertion inside the signature of a forged one',
      () => responseXml(FAIR, evilAssertion(hiding(assertion.signature, assertion.bare))),
      'not_one_assertion',
    ],
    [
      'XSW7: the forged assertion in extensions',
      () => responseXml(FAIR, `<samlp:Extensions>${assertionXml(EVIL)}</samlp:Extensions>${assertion.whole}`),
      'not_one_assertion',
    ],
    [
      'XSW8: the signed assertion in an object of the signature',
      () => responseXml(FAIR, evilAssertion(hiding(assertion.signature, inObject(assertion.bare)))),
      'not_one_assertion',
    ],
    [
      'the signature of one element copied into another',
      () => responseXml(FAIR, evilAssertion(assertion.signature)),
      'misplaced_signature',
    ],
    [
      'the same id given to a forged assertion',
      () =>
        responseXml(
          FAIR,
          assertionXml({ ...EVIL, assertionId: '_assertion' }).replace('</saml:Issuer>', `</saml:Issuer>${assertion.signature}`),
        ),
      'signature_invalid',
    ],
    [
      'the id a second time, under its other name',
      () => responseXml(FAIR, assertion.whole).replace('<samlp:Status>', '<samlp:Status Id="_assertion">'),
      'ambiguous_id',
    ],
    [
      'the signature one level down',
      () =>
        responseXml(
          FAIR,
          assertionXml(FAIR).replace('<saml:Conditions', `<saml:Advice>${assertion.signature}</saml:Advice><saml:Conditions`),
        ),
      'unsigned',
    ],
    [
      'an assertion of a namespace nobody knows',
      () => responseXml(FAIR, `<x:Assertion xmlns:x="urn:x" ID="_x"/>${assertion.whole}`),
      'not_one_assertion',
    ],
    [
      'a signed assertion below an element of the attacker',
      () => responseXml(FAIR, `<samlp:Extensions>${assertion.whole}</samlp:Extensions>`),
      'misplaced_assertion',
    ],
    ['an answer that is an assertion', () => assertion.whole, 'not_a_response'],
    [
      'an answer around an answer',
      () => evilResponse('').replace('<saml:Assertion', `${response.whole}<saml:Assertion`),
      'not_one_assertion',
    ],
    [
      'an object hidden in a good signature',
      () => responseXml(FAIR, assertion.whole.replace('</Signature>', `${inObject('<x/>')}</Signature>`)),
      'misplaced_signature',
    ],
    [
      'an encrypted assertion beside the signed one',
      () => responseXml(FAIR, `${assertion.whole}<saml:EncryptedAssertion xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion"/>`),
      'encrypted_assertion',
    ],
    [
      'two signed assertions',
      () => responseXml(FAIR, assertion.whole + signElement(assertionXml(EVIL), 'Assertion', key)),
      'not_one_assertion',
    ],
  ];
  it.each(attacks)('is refused: %s', (_what, forge, reason) => expect(refusalOf(forge())).toBe(reason));
});

describe('A1: markup that readers disagree on', () => {
  it('a comment in the name of the subject is refused, wherever the name is cut', () => {
    const named = signedAnswer({ ...FAIR, nameId: 'ada@example.test.evil.test' }, key);
    expect(refusalOf(named)).toBe('signed in as ada@example.test.evil.test');
    expect(refusalOf(named.replace('ada@example.test.evil.test', 'ada@example.test<!---->.evil.test'))).toBe('forbidden_markup');
    expect(refusalOf(named.replace('ada@example.test.evil.test', 'ada@example.test<?x?>.evil.test'))).toBe('forbidden_markup');
  });

  it('text in character data is read as the text that was signed', () => {
    const xml = signedAnswer(FAIR, key).replace('ada@example.test', '<![CDATA[ada@example.test]]>');
    expect(refusalOf(xml)).toBe('signed in as ada@example.test');
  });

  const bomb = `<!DOCTYPE r [<!ENTITY a "aaaaaaaaaa">${Array.from({ length: 9 }, (_, n) => `<!ENTITY ${'bcdefghij'[n]} "${`&${'abcdefghi'[n]};`.repeat(10)}">`).join('')}]>`;
  const documents: [string, () => string, string][] = [
    ['a billion laughs', () => `${bomb}<r>&j;</r>`, 'forbidden_markup'],
    ['a file of this machine', () => `<!DOCTYPE r [<!ENTITY f SYSTEM "file:///etc/passwd">]><r>&f;</r>`, 'forbidden_markup'],
    ['an address of the network', () => `<!DOCTYPE r SYSTEM "http://169.254.169.254/latest"><r/>`, 'forbidden_markup'],
    ['parameter entities', () => `<!DOCTYPE r [<!ENTITY % p SYSTEM "http://127.0.0.1/x"> %p;]><r/>`, 'forbidden_markup'],
    ['an entity nobody declared', () => '<r>&x;</r>', 'not_xml'],
    ['nesting without end', () => '<r>'.repeat(10_000), 'too_deep'],
    ['elements without end', () => `<r>${'<x/>'.repeat(5_000)}</r>`, 'too_many_elements'],
    ['attributes without end', () => `<r ${Array.from({ length: 200 }, (_, n) => `a${n}=""`).join(' ')}/>`, 'too_many_elements'],
    ['what is not closed', () => '<r>', 'not_xml'],
    ['two roots', () => '<r/><r/>', 'not_xml'],
    ['an attribute twice', () => '<r a="1" a="2"/>', 'not_xml'],
    ['a prefix nobody declared', () => '<x:r/>', 'not_xml'],
    ['control characters', () => '<r>\u0001</r>', 'not_xml'],
    ['nothing', () => '', 'not_xml'],
    ['another XML', () => '<r/>', 'not_a_response'],
    ['an encoding it is not in', () => '<?xml version="1.0" encoding="UTF-7"?><r/>', 'not_xml'],
    ['XML 1.1, whose line ends are others', () => '<?xml version="1.1"?><r/>', 'not_xml'],
  ];
  it.each(documents)('is refused: %s', (_what, write, reason) => expect(refusalOf(write())).toBe(reason));

  it.each(['%%%', 'PHI+<r/>', 'é'])('is refused when it is not base64: %s', (field) => {
    expect(() => openEnvelope(field)).toThrow('refused');
  });

  it('is refused when it is not UTF-8', () => {
    expect(() => openEnvelope(Buffer.from([0x3c, 0xff, 0x3e]).toString('base64'))).toThrow('refused');
    expect(() => openEnvelope(Buffer.from('<r/>', 'utf16le').toString('base64'))).toThrow('refused');
  });

  it('10 MB are refused by their size, before anything is parsed', () => {
    const began = performance.now();
    expect(refusalOf(`<r>${'x'.repeat(10_000_000)}</r>`)).toBe('saml/response_too_large');
    expect(performance.now() - began).toBeLessThan(1_000);
  });
});
