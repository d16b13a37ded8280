import { AppError } from '../../../../kernel/errors.js';
import { samlErrors } from '../../saml.errors.js';
import { readCertificate } from './provider-certificate.js';
import { METADATA_NS, PROTOCOL_NS, REDIRECT_BINDING, SIGNATURE_NS } from './saml-names.js';
import { childrenOf, onlyChild, readXml, withDescendants, type XmlElement } from './xml-element.js';

export const MAX_METADATA_BYTES = 262_144;
export const MAX_CERTIFICATES = 10;
const MAX_ENTITY_ID = 1_024;

/** What an identity provider's metadata says that we need. */
export interface ProviderMetadata {
  readonly entityId: string;
  /** Where browsers are sent, by the redirect binding. */
  readonly signInUrl: string;
  /** PEM, in the order of the document: more than one while the provider changes its key. */
  readonly certificates: readonly string[];
  readonly wantsSignedRequests: boolean;
}

/**
 * Reads the metadata of one identity provider (metadata §2.4.3). Whoever gives it to us vouches for it; a signature in it is not looked at,
 * since it would be checked with a key it brings itself. Raises `saml/metadata_refused`.
 */
export function readProviderMetadata(xml: string): ProviderMetadata {
  const entity = onlyEntity(open(xml));
  const descriptor = onlyChild(entity, METADATA_NS, 'IDPSSODescriptor');
  if (descriptor === undefined || !supportsSaml2(descriptor)) throw refused('It has no single SAML 2.0 IDPSSODescriptor.');
  const entityId = entity.attributes.get('entityID') ?? '';
  if (entityId === '' || entityId.length > MAX_ENTITY_ID) throw refused('It has no entityID.');
  const services = childrenOf(descriptor, METADATA_NS, 'SingleSignOnService');
  const redirect = services.find(({ attributes }) => attributes.get('Binding') === REDIRECT_BINDING);
  const signInUrl = redirect?.attributes.get('Location');
  if (signInUrl === undefined) throw refused('It has no SingleSignOnService with the HTTP-Redirect binding.');
  const certificates = signingCertificates(descriptor);
  const wantsSignedRequests = /^(?:true|1)$/.test(descriptor.attributes.get('WantAuthnRequestsSigned') ?? '');
  return { entityId, signInUrl, certificates, wantsSignedRequests };
}

function open(xml: string): XmlElement {
  if (Buffer.byteLength(xml) > MAX_METADATA_BYTES) throw refused('It is larger than 256 kB.');
  try {
    return readXml(xml.replace(/^\uFEFF/, ''), { comments: 'skip' });
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    throw refused('It is not XML without document type and entities.', error);
  }
}

/** Federations publish thousands of entities in one document: which of them is meant would be a guess. */
function onlyEntity(root: XmlElement): XmlElement {
  const isEntity = root.namespace === METADATA_NS && root.name === 'EntityDescriptor';
  const isList = root.namespace === METADATA_NS && root.name === 'EntitiesDescriptor';
  const entity = isEntity ? root : isList ? onlyChild(root, METADATA_NS, 'EntityDescriptor') : undefined;
  if (entity === undefined) throw refused('It does not describe exactly one entity.');
  return entity;
}

function supportsSaml2(descriptor: XmlElement): boolean {
  return (descriptor.attributes.get('protocolSupportEnumeration') ?? '').split(/\s+/).includes(PROTOCOL_NS);
}

function signingCertificates(descriptor: XmlElement): string[] {
  const keys = childrenOf(descriptor, METADATA_NS, 'KeyDescriptor').filter(
    ({ attributes }) => (attributes.get('use') ?? 'signing') === 'signing',
  );
  const written = keys
    .flatMap((key) => [...withDescendants(key)])
    .filter(({ namespace, name }) => namespace === SIGNATURE_NS && name === 'X509Certificate');
  const certificates = [...new Set(written.map(({ text }) => readCertificate(text).pem))];
  if (certificates.length === 0) throw refused('It has no signing certificate.');
  if (certificates.length > MAX_CERTIFICATES) throw refused(`It has more than ${MAX_CERTIFICATES} signing certificates.`);
  return certificates;
}

function refused(reason: string, cause?: unknown): AppError {
  return samlErrors.metadata_refused({ message: `This metadata cannot be used. ${reason}`, ...(cause === undefined ? {} : { cause }) });
}
