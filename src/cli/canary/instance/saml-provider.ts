import { generateKeyPairSync } from 'node:crypto';
import { inflateRawSync } from 'node:zlib';
import { SignedXml } from 'xml-crypto';
import { assert } from '../../../kernel/assert.js';
import { type Clock, DAY_MS } from '../../../kernel/clock.js';
import { selfSignedCertificate } from '../../../modules/federation/core/saml/self-signed-certificate.js';
import { xmlText } from '../../../modules/federation/core/saml/xml-writer.js';
import type { StandInReply } from './stand-in-reply.js';

/** Somebody who has an account at the provider. */
export interface SamlPerson {
  /** Who it is there, for good. */
  readonly nameId: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly sessionIndex: string;
}

/** What Lethe asks with, in its request. */
interface Asked {
  readonly requestId: string;
  readonly consumerUrl: string;
  readonly audience: string;
}

const ANSWER_MS = 300_000;
const YEAR_DAYS = 365;
const EXCLUSIVE = 'http://www.w3.org/2001/10/xml-exc-c14n#';
const ENVELOPED = 'http://www.w3.org/2000/09/xmldsig#enveloped-signature';

/** A SAML 2.0 identity provider (web browser profile, redirect and POST bindings). Whoever is sent to it is `signsIn`. */
export class SamlProvider {
  signsIn: SamlPerson | null = null;
  /** DER, in base64. */
  readonly certificate: string;
  private readonly privateKey: string;
  private answers = 0;

  constructor(
    readonly entityId: string,
    private readonly clock: Clock,
  ) {
    this.privateKey = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
    const [from, until] = [-1, YEAR_DAYS].map((days) => new Date(clock.nowMs() + days * DAY_MS)) as [Date, Date];
    this.certificate = selfSignedCertificate(this.privateKey, { commonName: 'canary', from, until }).toString('base64');
  }

  get signOnUrl(): string {
    return `${this.entityId}/sign-on`;
  }

  /** The page with the form that the browser sends on by itself. */
  answer(path: string): StandInReply {
    const { pathname, searchParams } = new URL(path, 'http://provider');
    if (pathname !== '/sign-on' || this.signsIn === null) return { status: 404, headers: {}, body: '' };
    const asked = readRequest(searchParams.get('SAMLRequest') ?? '');
    const answer = Buffer.from(this.response(asked, this.signed(this.assertion(asked, this.signsIn)))).toString('base64');
    const body = `<form method="post" action="${xmlText(asked.consumerUrl)}"><input name="SAMLResponse" value="${answer}"/></form>`;
    return { status: 200, headers: { 'content-type': 'text/html' }, body };
  }

  private assertion({ requestId, consumerUrl, audience }: Asked, { nameId, attributes, sessionIndex }: SamlPerson): string {
    const [now, until] = [0, ANSWER_MS].map((ms) => new Date(this.clock.nowMs() + ms).toISOString());
    const said = Object.entries(attributes).map(
      ([name, value]) => `<a:Attribute Name="${xmlText(name)}"><a:AttributeValue>${xmlText(value)}</a:AttributeValue></a:Attribute>`,
    );
    return (
      `<a:Assertion xmlns:a="urn:oasis:names:tc:SAML:2.0:assertion" ID="_assertion${(this.answers += 1)}" Version="2.0" IssueInstant="${now}">` +
      `<a:Issuer>${this.entityId}</a:Issuer><a:Subject>` +
      `<a:NameID Format="urn:oasis:names:tc:SAML:2.0:nameid-format:persistent">${xmlText(nameId)}</a:NameID>` +
      '<a:SubjectConfirmation Method="urn:oasis:names:tc:SAML:2.0:cm:bearer"><a:SubjectConfirmationData' +
      ` NotOnOrAfter="${until}" Recipient="${xmlText(consumerUrl)}" InResponseTo="${xmlText(requestId)}"/></a:SubjectConfirmation></a:Subject>` +
      `<a:Conditions NotBefore="${now}" NotOnOrAfter="${until}"><a:AudienceRestriction><a:Audience>${xmlText(audience)}</a:Audience>` +
      `</a:AudienceRestriction></a:Conditions><a:AuthnStatement AuthnInstant="${now}" SessionIndex="${xmlText(sessionIndex)}">` +
      '<a:AuthnContext><a:AuthnContextClassRef>urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport</a:AuthnContextClassRef>' +
      `</a:AuthnContext></a:AuthnStatement><a:AttributeStatement>${said.join('')}</a:AttributeStatement></a:Assertion>`
    );
  }

  /** Enveloped, after the issuer, as identity providers do it. */
  private signed(assertion: string): string {
    const signer = new SignedXml({
      privateKey: this.privateKey,
      signatureAlgorithm: 'http://www.w3.org/2001/04/xmldsig-more#rsa-sha256',
      canonicalizationAlgorithm: EXCLUSIVE,
    });
    const xpath = "//*[local-name(.)='Assertion']";
    const digestAlgorithm = 'http://www.w3.org/2001/04/xmlenc#sha256';
    signer.addReference({ xpath, transforms: [ENVELOPED, EXCLUSIVE], digestAlgorithm });
    signer.computeSignature(assertion, { location: { reference: `${xpath}/*[local-name(.)='Issuer']`, action: 'after' } });
    return signer.getSignedXml();
  }

  private response({ requestId, consumerUrl }: Asked, assertion: string): string {
    return (
      `<p:Response xmlns:p="urn:oasis:names:tc:SAML:2.0:protocol" ID="_response${this.answers}" Version="2.0"` +
      ` IssueInstant="${this.clock.now().toISOString()}" Destination="${xmlText(consumerUrl)}" InResponseTo="${xmlText(requestId)}">` +
      `<a:Issuer xmlns:a="urn:oasis:names:tc:SAML:2.0:assertion">${this.entityId}</a:Issuer>` +
      `<p:Status><p:StatusCode Value="urn:oasis:names:tc:SAML:2.0:status:Success"/></p:Status>${assertion}</p:Response>`
    );
  }
}

/** Of Lethe's own making, so that its way of writing is known. */
function readRequest(encoded: string): Asked {
  const xml = inflateRawSync(Buffer.from(encoded, 'base64')).toString('utf8');
  const [requestId, consumerUrl, audience] = [/ ID="([^"]+)"/, / AssertionConsumerServiceURL="([^"]+)"/, /<saml:Issuer>([^<]+)</].map(
    (part) => part.exec(xml)?.[1],
  );
  assert(
    requestId !== undefined && consumerUrl !== undefined && audience !== undefined,
    'a request of Lethe says who asks, what and where',
  );
  return { requestId, consumerUrl, audience };
}
