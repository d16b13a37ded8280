import { createRequire } from 'node:module';
import { SignedXml } from 'xml-crypto';
import { refuse } from './refuse-response.js';
import { SIGNATURE_NS } from './saml-names.js';
import { childrenOf, onlyChild, type XmlElement } from './xml-element.js';

/** What we use of the parser that the signature library works on. Its own types would bring those of browsers into all of the code. */
interface DomParsing {
  readonly DOMParser: new (options: {
    readonly errorHandler: Readonly<Record<string, (message: string) => void>>;
  }) => {
    parseFromString(text: string, type: string): { getElementsByTagNameNS(namespace: string, name: string): ArrayLike<DomElement> };
  };
}

interface DomElement {
  readonly parentNode: { readonly localName?: string } | null;
}

const require = createRequire(import.meta.url);
const { DOMParser } = require('@xmldom/xmldom') as DomParsing;

const EXCLUSIVE = 'http://www.w3.org/2001/10/xml-exc-c14n#';
const ENVELOPED = 'http://www.w3.org/2000/09/xmldsig#enveloped-signature';
const SIGNATURES = [
  'http://www.w3.org/2001/04/xmldsig-more#rsa-sha256',
  'http://www.w3.org/2001/04/xmldsig-more#rsa-sha512',
  'http://www.w3.org/2007/05/xmldsig-more#sha256-rsa-MGF1',
] as const;
const DIGESTS = ['http://www.w3.org/2001/04/xmlenc#sha256', 'http://www.w3.org/2001/04/xmlenc#sha512'] as const;
/** Nothing else belongs into the signature of an answer: `Object` is where wrapped assertions are hidden. */
const SIGNATURE_PARTS = new Set(['SignedInfo', 'SignatureValue', 'KeyInfo']);

/**
 * The canonical bytes that the signature directly inside `signed` covers, once one of the certificates has verified it. Whoever reads on reads
 * these and not the document: what was not signed is not there. Raises `saml/response_refused` unless the signature is one of a closed set of
 * algorithms and covers exactly the element it stands in.
 */
export function signedBytes(document: string, signed: XmlElement, certificates: readonly string[]): string {
  const signature = onlyChild(signed, SIGNATURE_NS, 'Signature');
  if (signature === undefined) throw refuse('unsigned');
  checkShape(signature, signed.attributes.get('ID') ?? '');
  const node = signatureNode(document, signed.name);
  for (const certificate of certificates) {
    const bytes = verified(document, node, certificate);
    if (bytes !== undefined) return bytes;
  }
  throw refuse('signature_invalid');
}

/** One reference, to the element itself, with algorithms of the list: read by our own parser, before any cryptography. */
function checkShape(signature: XmlElement, id: string): void {
  if (signature.children.some(({ name, namespace }) => namespace !== SIGNATURE_NS || !SIGNATURE_PARTS.has(name)))
    throw refuse('misplaced_signature');
  const info = onlyChild(signature, SIGNATURE_NS, 'SignedInfo');
  const reference = info && onlyChild(info, SIGNATURE_NS, 'Reference');
  if (info === undefined || reference === undefined) throw refuse('misplaced_signature');
  if (id === '' || reference.attributes.get('URI') !== `#${id}`) throw refuse('misplaced_signature');
  const [canonicalisation, method] = [algorithmOf(info, 'CanonicalizationMethod'), algorithmOf(info, 'SignatureMethod')];
  const transforms = onlyChild(reference, SIGNATURE_NS, 'Transforms');
  const steps = transforms === undefined ? [] : childrenOf(transforms, SIGNATURE_NS, 'Transform').map((t) => t.attributes.get('Algorithm'));
  const allowed =
    canonicalisation === EXCLUSIVE &&
    isOneOf(SIGNATURES, method) &&
    isOneOf(DIGESTS, algorithmOf(reference, 'DigestMethod')) &&
    steps.length === 2 &&
    steps[0] === ENVELOPED &&
    steps[1] === EXCLUSIVE;
  if (!allowed) throw refuse('algorithm_not_allowed');
}

function algorithmOf(element: XmlElement, name: string): string | undefined {
  return onlyChild(element, SIGNATURE_NS, name)?.attributes.get('Algorithm');
}

function isOneOf(list: readonly string[], value: string | undefined): boolean {
  return value !== undefined && list.includes(value);
}

/** The signature as the library wants it: a child of the answer itself or of its assertion; there is at most one of each by now. */
function signatureNode(document: string, parentName: string): DomElement {
  const parsed = new DOMParser({ errorHandler: { warning: ignore, error: fail, fatalError: fail } }).parseFromString(document, 'text/xml');
  const found = Array.from(parsed.getElementsByTagNameNS(SIGNATURE_NS, 'Signature')).find(
    ({ parentNode }) => parentNode?.localName === parentName,
  );
  if (found === undefined) throw refuse('unsigned');
  return found;
}

function ignore(): void {
  // What our own reader has let through is well-formed; a warning of this one changes nothing.
}

function fail(message: string): never {
  throw refuse('not_xml', new Error(message));
}

/** Undefined when this certificate's key did not make the signature. */
function verified(document: string, node: DomElement, certificate: string): string | undefined {
  const check = new SignedXml({ publicCert: certificate });
  check.SignatureAlgorithms = only(check.SignatureAlgorithms, SIGNATURES);
  check.HashAlgorithms = only(check.HashAlgorithms, DIGESTS);
  check.CanonicalizationAlgorithms = only(check.CanonicalizationAlgorithms, [EXCLUSIVE, ENVELOPED]);
  // The default looks at `KeyInfo` of whoever signed; only certificates of the set-up count.
  check.getCertFromKeyInfo = () => null;
  try {
    check.loadSignature(node as never);
    if (!check.checkSignature(document)) return undefined;
  } catch {
    // The library throws for a wrong key as it does for anything else it does not like; either way nothing was proven.
    return undefined;
  }
  const [bytes, ...others] = check.getSignedReferences();
  return others.length === 0 ? bytes : undefined;
}

/** The named entries of a table of algorithms: what is not in it, the library cannot be talked into. */
function only<T extends Readonly<Record<string, unknown>>>(table: T, names: readonly string[]): T {
  return Object.fromEntries(Object.entries(table).filter(([name]) => names.includes(name))) as T;
}
