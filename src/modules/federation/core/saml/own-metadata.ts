import { METADATA_NS, PERSISTENT_FORMAT, POST_BINDING, PROTOCOL_NS, SIGNATURE_NS } from './saml-names.js';
import { xmlText } from './xml-writer.js';

/** Our side of one connection to an identity provider: each has its own, so that an answer for one is no answer for another. */
export interface ServiceProvider {
  readonly entityId: string;
  readonly consumerUrl: string;
  /** Base64 of the certificate that our requests are signed with; null when they are not. */
  readonly certificate: string | null;
}

/** What an administrator gives the identity provider (metadata §2.4.4). */
export function ownMetadata({ entityId, consumerUrl, certificate }: ServiceProvider): string {
  const key =
    certificate === null
      ? ''
      : `<md:KeyDescriptor use="signing"><ds:KeyInfo xmlns:ds="${SIGNATURE_NS}"><ds:X509Data><ds:X509Certificate>${certificate}` +
        '</ds:X509Certificate></ds:X509Data></ds:KeyInfo></md:KeyDescriptor>';
  return (
    `<?xml version="1.0" encoding="UTF-8"?>\n<md:EntityDescriptor xmlns:md="${METADATA_NS}" entityID="${xmlText(entityId)}">` +
    `<md:SPSSODescriptor AuthnRequestsSigned="${certificate !== null}" WantAssertionsSigned="true" protocolSupportEnumeration="${PROTOCOL_NS}">` +
    `${key}<md:NameIDFormat>${PERSISTENT_FORMAT}</md:NameIDFormat>` +
    `<md:AssertionConsumerService Binding="${POST_BINDING}" Location="${xmlText(consumerUrl)}" index="0" isDefault="true"/>` +
    `</md:SPSSODescriptor></md:EntityDescriptor>\n`
  );
}
