import { samlErrors } from '../../saml.errors.js';
import { refuse } from './refuse-response.js';
import { ASSERTION_NS, PROTOCOL_NS, SIGNATURE_NS, STATUS_SUCCESS } from './saml-names.js';
import { childrenOf, onlyChild, readXml, withDescendants, type XmlElement } from './xml-element.js';

/** Of the XML, decoded. Real answers stay under 40 kB. */
export const MAX_RESPONSE_BYTES = 262_144;
const BASE64 = /^[A-Za-z0-9+/]+={0,2}$/;
const ID_ATTRIBUTES = ['ID', 'Id', 'id'] as const;

/** An answer whose outer form is in order. Nothing in it has been proven yet. */
export interface ResponseEnvelope {
  /** As it was sent, with the line ends XML prescribes. */
  readonly document: string;
  readonly response: XmlElement;
  readonly assertion: XmlElement;
  /** Which request the answer says it belongs to; null: none. To be found again in what was signed. */
  readonly inResponseTo: string | null;
}

/**
 * Opens the form field `SAMLResponse`. One answer, one assertion directly inside it, signatures only where they may stand and no id twice:
 * whatever form signature wrapping takes, it breaks one of these. Raises `saml/response_refused` and `saml/response_too_large`.
 */
export function openEnvelope(field: string): ResponseEnvelope {
  const document = decode(field);
  const response = readXml(document);
  if (response.namespace !== PROTOCOL_NS || response.name !== 'Response') throw refuse('not_a_response');
  if (response.attributes.get('Version') !== '2.0') throw refuse('not_a_response');
  const all = [...withDescendants(response)];
  checkStatus(response);
  if (all.some(({ name }) => name === 'EncryptedAssertion' || name === 'EncryptedID')) throw refuse('encrypted_assertion');
  const assertion = onlyAssertion(response, all);
  checkSignaturePlaces(response, assertion, all);
  checkIds(all);
  return { document, response, assertion, inResponseTo: response.attributes.get('InResponseTo') ?? null };
}

function decode(field: string): string {
  // Some identity providers break the lines of base64.
  const packed = field.replace(/[\r\n\t ]/g, '');
  if (packed.length > Math.ceil(MAX_RESPONSE_BYTES / 3) * 4) throw samlErrors.response_too_large();
  if (!BASE64.test(packed)) throw refuse('not_xml');
  const bytes = Buffer.from(packed, 'base64');
  const text = bytes.toString('utf8');
  // Bytes that are not UTF-8 would be read differently by different parsers.
  if (!Buffer.from(text, 'utf8').equals(bytes)) throw refuse('not_xml');
  return text.replace(/^\uFEFF/, '').replace(/\r\n?/g, '\n');
}

function checkStatus(response: XmlElement): void {
  const status = onlyChild(response, PROTOCOL_NS, 'Status');
  const code = status && onlyChild(status, PROTOCOL_NS, 'StatusCode');
  if (code?.attributes.get('Value') !== STATUS_SUCCESS) throw refuse('status_not_success');
}

function onlyAssertion(response: XmlElement, all: readonly XmlElement[]): XmlElement {
  // By local name alone: an assertion in a namespace of its own would be somebody else's to find.
  const assertions = all.filter(({ name }) => name === 'Assertion');
  const [assertion] = assertions;
  if (assertion === undefined || assertions.length > 1) throw refuse('not_one_assertion');
  if (childrenOf(response, ASSERTION_NS, 'Assertion')[0] !== assertion) throw refuse('misplaced_assertion');
  return assertion;
}

function checkSignaturePlaces(response: XmlElement, assertion: XmlElement, all: readonly XmlElement[]): void {
  const inPlace = [response, assertion].flatMap((holder) => {
    const found = childrenOf(holder, SIGNATURE_NS, 'Signature');
    if (found.length > 1) throw refuse('misplaced_signature');
    return found;
  });
  if (inPlace.length === 0) throw refuse('unsigned');
  if (all.filter(({ name }) => name === 'Signature').length !== inPlace.length) throw refuse('misplaced_signature');
}

function checkIds(all: readonly XmlElement[]): void {
  const ids = all.flatMap(({ attributes }) => ID_ATTRIBUTES.flatMap((name) => attributes.get(name) ?? []));
  if (new Set(ids).size !== ids.length) throw refuse('ambiguous_id');
}
