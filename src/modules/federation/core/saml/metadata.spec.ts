import { createPublicKey, verify, X509Certificate } from 'node:crypto';
import { inflateRawSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { makeSamlKey } from '../../../../../test/harness/saml-forge.js';
import { authnRequestUrl } from './authn-request.js';
import { ownMetadata } from './own-metadata.js';
import { readCertificate } from './provider-certificate.js';
import { readProviderMetadata } from './provider-metadata.js';
import { samlPerson } from './saml-person.js';
import { selfSignedCertificate } from './self-signed-certificate.js';
import { onlyChild, readXml } from './xml-element.js';
import { METADATA_NS, PROTOCOL_NS } from './saml-names.js';

const [key, next] = [makeSamlKey(), makeSamlKey()];
const bare = (pem: string): string => pem.replace(/-----[^-]+-----|\s/g, '');

function metadata(inside: string, attributes = ''): string {
  return (
    `<EntityDescriptor xmlns="${METADATA_NS}" entityID="https://idp.test/"><!-- exported -->` +
    `<IDPSSODescriptor protocolSupportEnumeration="urn:oasis:names:tc:SAML:1.1:protocol ${PROTOCOL_NS}"${attributes}>${inside}` +
    '</IDPSSODescriptor></EntityDescriptor>'
  );
}

function keyDescriptor(certificate: string, use = ' use="signing"'): string {
  const data = `<X509Data><X509Certificate>\n${bare(certificate)}\n</X509Certificate></X509Data>`;
  return `<KeyDescriptor${use}><KeyInfo xmlns="http://www.w3.org/2000/09/xmldsig#">${data}</KeyInfo></KeyDescriptor>`;
}

const SIGN_ON =
  '<SingleSignOnService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST" Location="https://idp.test/post"/>' +
  '<SingleSignOnService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect" Location="https://idp.test/sso?tenant=1&amp;x=2"/>';

describe('metadata of an identity provider', () => {
  it('says who it is, where it is asked by redirect, and with which keys it signs, the next one included', () => {
    const xml = metadata(
      `${keyDescriptor(key.certificate)}${keyDescriptor(next.certificate, '')}${SIGN_ON}`,
      ' WantAuthnRequestsSigned="true"',
    );
    expect(readProviderMetadata(xml)).toEqual({
      entityId: 'https://idp.test/',
      signInUrl: 'https://idp.test/sso?tenant=1&x=2',
      certificates: [key.certificate, next.certificate],
      wantsSignedRequests: true,
    });
    expect(readProviderMetadata(`<EntitiesDescriptor xmlns="${METADATA_NS}">${xml}</EntitiesDescriptor>`).wantsSignedRequests).toBe(true);
  });

  it.each([
    ['no XML', 'hello'],
    ['a document type', '<!DOCTYPE x><x/>'],
    ['another document', '<x/>'],
    ['two entities', `<EntitiesDescriptor xmlns="${METADATA_NS}">${metadata(SIGN_ON)}${metadata(SIGN_ON)}</EntitiesDescriptor>`],
    ['no certificate', metadata(SIGN_ON)],
    ['a key to encrypt with only', metadata(`${keyDescriptor(key.certificate, ' use="encryption"')}${SIGN_ON}`)],
    ['no way by redirect', metadata(keyDescriptor(key.certificate))],
    ['SAML 1.1 only', metadata(`${keyDescriptor(key.certificate)}${SIGN_ON}`).replace(` ${PROTOCOL_NS}"`, '"')],
    ['no entity id', metadata(`${keyDescriptor(key.certificate)}${SIGN_ON}`).replace(/entityID="[^"]+"/, '')],
    ['a service provider', metadata(`${keyDescriptor(key.certificate)}${SIGN_ON}`).replaceAll('IDPSSO', 'SPSSO')],
    ['too much of it', metadata(`${keyDescriptor(key.certificate)}${SIGN_ON}<!--${'x'.repeat(300_000)}-->`)],
  ])('is refused with %s', (_what, xml) => expect(() => readProviderMetadata(xml)).toThrow('saml/metadata_refused'));
});

describe('a certificate', () => {
  it('is read from PEM and from bare base64, and known by its fingerprint', () => {
    const certificate = readCertificate(key.certificate);
    expect(readCertificate(bare(key.certificate))).toEqual(certificate);
    expect(certificate.fingerprint).toMatch(/^[0-9a-f]{64}$/);
    expect(certificate.notAfter.toISOString()).toBe('2049-01-01T00:00:00.000Z');
  });

  it.each(['', 'AAAA', 'x'.repeat(20_000), key.privateKey, makeSamlKey({ bits: 1_024 }).certificate])(
    'is refused when it is none, or weak',
    (text) => {
      expect(() => readCertificate(text)).toThrow('saml/metadata_refused');
    },
  );

  it('of our own is one that others read, past 2049 too', () => {
    const [from, until] = [new Date('2026-11-21T12:00:00Z'), new Date('2056-11-21T12:00:00Z')];
    const read = new X509Certificate(selfSignedCertificate(key.privateKey, { commonName: 'lethe', from, until }));
    expect(read.subject).toBe('CN=lethe');
    expect(new Date(read.validTo)).toEqual(until);
    expect(read.verify(createPublicKey(key.privateKey))).toBe(true);
  });
});

describe('what we say', () => {
  const request = {
    id: '_1',
    issuedAt: new Date('2026-11-21T12:00:00Z'),
    issuer: 'https://lethe.test/m?a=1&b="2"',
    consumerUrl: 'https://lethe.test/c',
    destination: 'https://idp.test/sso?tenant=1',
    forceAuthn: true,
  };

  it('asks by a redirect that keeps the query of the provider, and signs it when there is a key', () => {
    const url = authnRequestUrl(request, key.privateKey);
    const { searchParams } = new URL(url);
    expect(searchParams.get('tenant')).toBe('1');
    const xml = readXml(inflateRawSync(Buffer.from(searchParams.get('SAMLRequest') ?? '', 'base64')).toString());
    expect(Object.fromEntries(xml.attributes)).toMatchObject({
      ID: '_1',
      ForceAuthn: 'true',
      AssertionConsumerServiceURL: 'https://lethe.test/c',
    });
    expect(xml.children[0]?.text).toBe(request.issuer);
    const signed = url.slice(url.indexOf('SAMLRequest='), url.indexOf('&Signature='));
    const signature = Buffer.from(searchParams.get('Signature') ?? '', 'base64');
    expect(verify('RSA-SHA256', Buffer.from(signed), key.certificate, signature)).toBe(true);
    expect(authnRequestUrl({ ...request, destination: 'https://idp.test/sso' }, null)).toMatch(/\/sso\?SAMLRequest=[^&]+$/);
  });

  it('describes our side so that a strict reader reads it', () => {
    const xml = readXml(
      ownMetadata({ entityId: 'https://lethe.test/<m>', consumerUrl: 'https://lethe.test/c', certificate: bare(key.certificate) }),
    );
    expect(xml.attributes.get('entityID')).toBe('https://lethe.test/<m>');
    expect(onlyChild(xml, METADATA_NS, 'SPSSODescriptor')?.attributes.get('AuthnRequestsSigned')).toBe('true');
  });
});

describe('a person', () => {
  const said = (attributes: Record<string, string[]>, format = 'urn:oasis:names:tc:SAML:2.0:nameid-format:persistent', nameId = 'p-1') =>
    samlPerson(
      { id: '_a', subject: { nameId, format }, attributes: new Map(Object.entries(attributes)), contextClasses: [], usableUntilMs: 0 },
      { emailAttribute: null, usernameAttribute: 'uid' },
    );

  it('has the address an attribute says, or the one the subject is called by, and nothing that could be two', () => {
    expect(said({ mail: ['ada@example.test'], uid: ['ada'] }).profile).toEqual({
      username: 'ada',
      email: 'ada@example.test',
      avatarUrl: null,
      vip: false,
    });
    expect(said({}, 'urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress', 'ada@example.test').profile.email).toBe('ada@example.test');
    expect(said({}, undefined, 'ada@example.test').profile.email).toBeNull();
    expect(said({ mail: ['a@example.test', 'b@example.test'] }).profile.email).toBeNull();
    expect(said({ mail: ['not an address'] }).profile.email).toBeNull();
    expect(said({ mail: ['a\u202e@example.test'] }).profile.email).toBeNull();
  });

  it('has shown two factors when the provider says so in a way that is known', () => {
    expect(said({}).twoFactors).toBe(false);
    const claim = 'http://schemas.microsoft.com/claims/authnmethodsreferences';
    expect(said({ [claim]: ['http://schemas.microsoft.com/claims/multipleauthn'] }).twoFactors).toBe(true);
  });
});
