import { createSign } from 'node:crypto';
import { deflateRawSync } from 'node:zlib';
import { ASSERTION_NS, POST_BINDING, PROTOCOL_NS } from './saml-names.js';
import { xmlText } from './xml-writer.js';

const RSA_SHA256 = 'http://www.w3.org/2001/04/xmldsig-more#rsa-sha256';

/** What we ask an identity provider. */
export interface AuthnRequest {
  /** Unguessable, and an XML name: it begins with an underscore. */
  readonly id: string;
  readonly issuedAt: Date;
  /** Our entity id. */
  readonly issuer: string;
  /** Where the answer is to be sent. */
  readonly consumerUrl: string;
  /** Where the question is sent. */
  readonly destination: string;
  /** Whether somebody who is signed in there already has to prove it again. */
  readonly forceAuthn: boolean;
}

/**
 * The address to send the browser to: a request in the redirect binding (bindings §3.4), signed over its query when a key (PEM) is given. The
 * relay state is empty: what we have to remember stays with us.
 */
export function authnRequestUrl(request: AuthnRequest, privateKey: string | null): string {
  const query = [['SAMLRequest', deflateRawSync(requestXml(request)).toString('base64')]];
  if (privateKey !== null) query.push(['SigAlg', RSA_SHA256]);
  const signed = query.map(([name, value]) => `${name}=${encodeURIComponent(value ?? '')}`).join('&');
  const signature = privateKey === null ? '' : `&Signature=${encodeURIComponent(sign(signed, privateKey))}`;
  return `${request.destination}${request.destination.includes('?') ? '&' : '?'}${signed}${signature}`;
}

function requestXml({ id, issuedAt, issuer, consumerUrl, destination, forceAuthn }: AuthnRequest): string {
  // No wish for a form of name or a kind of proof: what the provider's administrator has set up there holds.
  return (
    `<samlp:AuthnRequest xmlns:samlp="${PROTOCOL_NS}" xmlns:saml="${ASSERTION_NS}" ID="${xmlText(id)}" Version="2.0"` +
    ` IssueInstant="${issuedAt.toISOString()}" Destination="${xmlText(destination)}"${forceAuthn ? ' ForceAuthn="true"' : ''}` +
    ` ProtocolBinding="${POST_BINDING}" AssertionConsumerServiceURL="${xmlText(consumerUrl)}">` +
    `<saml:Issuer>${xmlText(issuer)}</saml:Issuer></samlp:AuthnRequest>`
  );
}

function sign(text: string, privateKey: string): string {
  return createSign('RSA-SHA256').update(text).sign(privateKey, 'base64');
}
