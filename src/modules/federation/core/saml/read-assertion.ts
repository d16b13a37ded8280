import { refuse } from './refuse-response.js';
import { ASSERTION_NS, BEARER, ENTITY_FORMAT, TRANSIENT_FORMAT, UNSPECIFIED_FORMAT } from './saml-names.js';
import { childrenOf, onlyChild, type XmlElement } from './xml-element.js';

const INSTANT = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:\d\d)$/;
const MAX_ID = 256;
/** As much as a provider of OpenID Connect may use. */
const MAX_SUBJECT = 255;
/** Conditions we understand. Any other makes the assertion's validity unknown, which is not valid (core §2.5.1.1). */
const CONDITIONS = new Set(['AudienceRestriction', 'OneTimeUse', 'ProxyRestriction']);

/** An assertion's statements as they stand, not yet compared with anything. */
export interface ReadAssertion {
  readonly id: string;
  readonly issuer: string;
  readonly subject: { readonly nameId: string; readonly format: string };
  readonly confirmations: readonly BearerConfirmation[];
  readonly conditions: {
    readonly notBeforeMs: number | null;
    readonly notOnOrAfterMs: number | null;
    readonly audiences: readonly (readonly string[])[];
  };
  readonly sessionsUntilMs: readonly number[];
  /** How the provider says that it was proven who it is (core §2.7.2.2). */
  readonly contextClasses: readonly string[];
  /** Text values by attribute name. */
  readonly attributes: ReadonlyMap<string, readonly string[]>;
}

interface BearerConfirmation {
  readonly recipient: string;
  readonly inResponseTo: string | null;
  readonly notBeforeMs: number | null;
  readonly notOnOrAfterMs: number;
}

/** Raises `saml/response_refused` when a part that must be there is missing, double or unreadable. */
export function readAssertion(assertion: XmlElement): ReadAssertion {
  const id = assertion.attributes.get('ID') ?? '';
  if (id === '' || id.length > MAX_ID || assertion.attributes.get('Version') !== '2.0') throw refuse('malformed_assertion');
  const statements = childrenOf(assertion, ASSERTION_NS, 'AuthnStatement');
  if (statements.length === 0) throw refuse('malformed_assertion');
  const subject = child(assertion, 'Subject');
  return {
    id,
    issuer: issuerOf(assertion),
    subject: subjectOf(subject),
    confirmations: confirmationsOf(subject),
    conditions: conditionsOf(child(assertion, 'Conditions')),
    sessionsUntilMs: statements.map((statement) => instant(statement, 'SessionNotOnOrAfter')).filter((until) => until !== null),
    contextClasses: statements.flatMap(contextClassesOf),
    attributes: attributesOf(assertion),
  };
}

function child(element: XmlElement, name: string): XmlElement {
  const found = onlyChild(element, ASSERTION_NS, name);
  if (found === undefined) throw refuse('malformed_assertion');
  return found;
}

function issuerOf(assertion: XmlElement): string {
  const issuer = child(assertion, 'Issuer');
  if ((issuer.attributes.get('Format') ?? ENTITY_FORMAT) !== ENTITY_FORMAT) throw refuse('wrong_issuer');
  return issuer.text.trim();
}

/** A transient id names a visit and not a person: nobody could be found by it again. */
function subjectOf(subject: XmlElement): ReadAssertion['subject'] {
  const name = onlyChild(subject, ASSERTION_NS, 'NameID');
  const format = name?.attributes.get('Format') ?? UNSPECIFIED_FORMAT;
  const nameId = name?.text.trim() ?? '';
  if (name === undefined || name.children.length > 0 || format === TRANSIENT_FORMAT) throw refuse('no_subject');
  if (nameId === '' || nameId.length > MAX_SUBJECT || /\p{Cc}/u.test(nameId)) throw refuse('no_subject');
  return { nameId, format };
}

function confirmationsOf(subject: XmlElement): BearerConfirmation[] {
  return childrenOf(subject, ASSERTION_NS, 'SubjectConfirmation')
    .filter(({ attributes }) => attributes.get('Method') === BEARER)
    .flatMap((confirmation) => {
      const data = onlyChild(confirmation, ASSERTION_NS, 'SubjectConfirmationData');
      const notOnOrAfterMs = data && instant(data, 'NotOnOrAfter');
      if (data === undefined || typeof notOnOrAfterMs !== 'number') return [];
      const recipient = data.attributes.get('Recipient') ?? '';
      const inResponseTo = data.attributes.get('InResponseTo') ?? null;
      return [{ recipient, inResponseTo, notBeforeMs: instant(data, 'NotBefore'), notOnOrAfterMs }];
    });
}

function conditionsOf(conditions: XmlElement): ReadAssertion['conditions'] {
  const known = conditions.children.every(({ namespace, name }) => namespace === ASSERTION_NS && CONDITIONS.has(name));
  if (!known) throw refuse('unknown_condition');
  const restrictions = childrenOf(conditions, ASSERTION_NS, 'AudienceRestriction');
  return {
    notBeforeMs: instant(conditions, 'NotBefore'),
    notOnOrAfterMs: instant(conditions, 'NotOnOrAfter'),
    audiences: restrictions.map((restriction) => childrenOf(restriction, ASSERTION_NS, 'Audience').map(({ text }) => text.trim())),
  };
}

function contextClassesOf(statement: XmlElement): string[] {
  return childrenOf(statement, ASSERTION_NS, 'AuthnContext').flatMap((context) =>
    childrenOf(context, ASSERTION_NS, 'AuthnContextClassRef').map(({ text }) => text.trim()),
  );
}

function attributesOf(assertion: XmlElement): Map<string, string[]> {
  const attributes = new Map<string, string[]>();
  for (const statement of childrenOf(assertion, ASSERTION_NS, 'AttributeStatement')) {
    for (const attribute of childrenOf(statement, ASSERTION_NS, 'Attribute')) {
      const name = attribute.attributes.get('Name') ?? '';
      const values = childrenOf(attribute, ASSERTION_NS, 'AttributeValue').filter(({ children }) => children.length === 0);
      attributes.set(name, [...(attributes.get(name) ?? []), ...values.map(({ text }) => text.trim())]);
    }
  }
  return attributes;
}

/** Epoch milliseconds; null when it is not said. */
function instant(element: XmlElement, name: string): number | null {
  const text = element.attributes.get(name);
  if (text === undefined) return null;
  const ms = INSTANT.test(text) ? Date.parse(text) : Number.NaN;
  if (Number.isNaN(ms)) throw refuse('malformed_assertion');
  return ms;
}
