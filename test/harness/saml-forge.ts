import { SignedXml } from 'xml-crypto';
import { type CertifiedKey, makeCertifiedKey } from './certificate.js';

export type SamlKey = CertifiedKey;

/** What an answer says; everything can be made wrong. */
export interface ForgedAnswer {
  readonly issuer: string;
  readonly audience: string;
  readonly consumerUrl: string;
  readonly requestId: string | null;
  readonly nowMs: number;
  readonly nameId?: string;
  readonly nameFormat?: string;
  readonly assertionId?: string;
  readonly responseId?: string;
  readonly recipient?: string;
  readonly destination?: string | null;
  readonly notBeforeMs?: number;
  readonly notOnOrAfterMs?: number;
  readonly attributes?: Readonly<Record<string, string>>;
  readonly status?: string;
  /** Further markup inside `Conditions`. */
  readonly conditions?: string;
  readonly confirmationRequestId?: string | null;
}

const SUCCESS = 'urn:oasis:names:tc:SAML:2.0:status:Success';
const EXCLUSIVE = 'http://www.w3.org/2001/10/xml-exc-c14n#';
const ENVELOPED = 'http://www.w3.org/2000/09/xmldsig#enveloped-signature';

export function makeSamlKey(options: { readonly bits?: number; readonly until?: Date } = {}): SamlKey {
  return makeCertifiedKey({ commonName: 'identity provider', ...options });
}

/** An assertion without a signature. */
export function assertionXml(answer: ForgedAnswer): string {
  const { nowMs, nameId = 'ada@example.test', attributes = {} } = answer;
  const [from, until] = [answer.notBeforeMs ?? nowMs - 1_000, answer.notOnOrAfterMs ?? nowMs + 300_000];
  const confirmed = answer.confirmationRequestId === undefined ? answer.requestId : answer.confirmationRequestId;
  const asked = confirmed === null ? '' : ` InResponseTo="${confirmed}"`;
  const format = answer.nameFormat ?? 'urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress';
  const said = Object.entries(attributes)
    .map(([name, value]) => `<saml:Attribute Name="${name}"><saml:AttributeValue>${value}</saml:AttributeValue></saml:Attribute>`)
    .join('');
  return (
    `<saml:Assertion xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion" ID="${answer.assertionId ?? '_assertion'}" Version="2.0"` +
    ` IssueInstant="${at(nowMs)}"><saml:Issuer>${answer.issuer}</saml:Issuer>` +
    `<saml:Subject><saml:NameID Format="${format}">${nameId}</saml:NameID>` +
    '<saml:SubjectConfirmation Method="urn:oasis:names:tc:SAML:2.0:cm:bearer">' +
    `<saml:SubjectConfirmationData NotOnOrAfter="${at(until)}" Recipient="${answer.recipient ?? answer.consumerUrl}"${asked}/>` +
    `</saml:SubjectConfirmation></saml:Subject><saml:Conditions NotBefore="${at(from)}" NotOnOrAfter="${at(until)}">` +
    `<saml:AudienceRestriction><saml:Audience>${answer.audience}</saml:Audience></saml:AudienceRestriction>${answer.conditions ?? ''}` +
    `</saml:Conditions><saml:AuthnStatement AuthnInstant="${at(nowMs)}"><saml:AuthnContext><saml:AuthnContextClassRef>` +
    'urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport</saml:AuthnContextClassRef></saml:AuthnContext></saml:AuthnStatement>' +
    `${said === '' ? '' : `<saml:AttributeStatement>${said}</saml:AttributeStatement>`}</saml:Assertion>`
  );
}

/** An answer around whatever stands for its assertion. */
export function responseXml(answer: ForgedAnswer, inside: string): string {
  const asked = answer.requestId === null ? '' : ` InResponseTo="${answer.requestId}"`;
  const destination = answer.destination === null ? '' : ` Destination="${answer.destination ?? answer.consumerUrl}"`;
  return (
    `<samlp:Response xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol" ID="${answer.responseId ?? '_response'}" Version="2.0"` +
    ` IssueInstant="${at(answer.nowMs)}"${destination}${asked}>` +
    `<saml:Issuer xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion">${answer.issuer}</saml:Issuer>` +
    `<samlp:Status><samlp:StatusCode Value="${answer.status ?? SUCCESS}"/></samlp:Status>${inside}</samlp:Response>`
  );
}

export interface SigningChoice {
  readonly signature?: string;
  readonly digest?: string;
  readonly transforms?: readonly string[];
}

/** Signs the element of this local name as identity providers do: enveloped, after its issuer. */
export function signElement(xml: string, name: 'Assertion' | 'Response', key: SamlKey, choice: SigningChoice = {}): string {
  const signer = new SignedXml({
    privateKey: key.privateKey,
    publicCert: key.certificate,
    signatureAlgorithm: (choice.signature ?? 'http://www.w3.org/2001/04/xmldsig-more#rsa-sha256') as never,
    canonicalizationAlgorithm: EXCLUSIVE,
  });
  signer.addReference({
    xpath: `//*[local-name(.)='${name}']`,
    transforms: [...(choice.transforms ?? [ENVELOPED, EXCLUSIVE])] as never,
    digestAlgorithm: (choice.digest ?? 'http://www.w3.org/2001/04/xmlenc#sha256') as never,
  });
  const reference = `//*[local-name(.)='${name}']/*[local-name(.)='Issuer']`;
  signer.computeSignature(xml, { location: { reference, action: 'after' } });
  return signer.getSignedXml();
}

/** The answer of an identity provider that does everything right: its assertion signed. */
export function signedAnswer(answer: ForgedAnswer, key: SamlKey, choice?: SigningChoice): string {
  return responseXml(answer, signElement(assertionXml(answer), 'Assertion', key, choice));
}

/** As the form field carries it. */
export function formField(xml: string): string {
  return Buffer.from(xml, 'utf8').toString('base64');
}

function at(ms: number): string {
  return new Date(ms).toISOString();
}
