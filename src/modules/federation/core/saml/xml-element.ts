import { SaxesParser, type SaxesTagNS } from 'saxes';
import { refuse } from './refuse-response.js';

/** Deeper than any answer of a real identity provider (they reach 9). */
const MAX_DEPTH = 32;
const MAX_ELEMENTS = 2_000;
const MAX_ATTRIBUTES = 64;
const XMLNS = 'http://www.w3.org/2000/xmlns/';

/** An element as it was written: names resolved to their namespaces, text with its entities replaced. */
export interface XmlElement {
  readonly namespace: string;
  readonly name: string;
  /** Attributes in no namespace, by name. */
  readonly attributes: ReadonlyMap<string, string>;
  readonly children: readonly XmlElement[];
  /** The text directly inside, in one piece. */
  readonly text: string;
}

interface OpenElement extends XmlElement {
  readonly children: OpenElement[];
  text: string;
}

/**
 * Reads a well-formed XML 1.0 document strictly. A document type is refused, and with it every entity but the five of XML itself: nothing
 * can be expanded or fetched. Comments and processing instructions are refused as well, because readers disagree on the text around them;
 * documents that nobody signs may be read with comments left out. Raises `saml/response_refused`.
 */
export function readXml(text: string, { comments = 'refuse' }: { readonly comments?: 'refuse' | 'skip' } = {}): XmlElement {
  const parser = new SaxesParser({ xmlns: true, position: false });
  const open: OpenElement[] = [];
  let root: OpenElement | undefined;
  let elements = 0;
  parser.on('error', (error) => {
    throw refuse('not_xml', error);
  });
  parser.on('xmldecl', ({ version, encoding }) => {
    if (version !== '1.0' || !/^utf-8$/i.test(encoding ?? 'utf-8')) throw refuse('not_xml');
  });
  parser.on('doctype', forbidden);
  if (comments === 'refuse') parser.on('comment', forbidden);
  parser.on('processinginstruction', forbidden);
  parser.on('opentag', (tag) => {
    elements += 1;
    if (elements > MAX_ELEMENTS) throw refuse('too_many_elements');
    if (open.length >= MAX_DEPTH) throw refuse('too_deep');
    const element = elementOf(tag);
    open.at(-1)?.children.push(element);
    root ??= element;
    open.push(element);
  });
  parser.on('closetag', () => void open.pop());
  const add = (piece: string): void => {
    const inside = open.at(-1);
    if (inside) inside.text += piece;
  };
  parser.on('text', add);
  parser.on('cdata', add);
  parser.write(text).close();
  if (root === undefined) throw refuse('not_xml');
  return root;
}

function forbidden(): never {
  throw refuse('forbidden_markup');
}

function elementOf(tag: SaxesTagNS): OpenElement {
  const attributes = Object.values(tag.attributes);
  if (attributes.length > MAX_ATTRIBUTES) throw refuse('too_many_elements');
  const own = attributes.filter(({ uri, prefix }) => uri !== XMLNS && prefix === '');
  return {
    namespace: tag.uri,
    name: tag.local,
    attributes: new Map(own.map(({ local, value }) => [local, value])),
    children: [],
    text: '',
  };
}

/** The element and everything inside it, outermost first. */
export function* withDescendants(element: XmlElement): Generator<XmlElement> {
  yield element;
  for (const child of element.children) yield* withDescendants(child);
}

/** The children of this name in this namespace. */
export function childrenOf(element: XmlElement, namespace: string, name: string): XmlElement[] {
  return element.children.filter((child) => child.namespace === namespace && child.name === name);
}

/** The one child of this name; undefined when there is none or more than one. */
export function onlyChild(element: XmlElement, namespace: string, name: string): XmlElement | undefined {
  const found = childrenOf(element, namespace, name);
  return found.length === 1 ? found[0] : undefined;
}
