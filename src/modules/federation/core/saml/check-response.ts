import { readAssertion, type ReadAssertion } from './read-assertion.js';
import { refuse } from './refuse-response.js';
import type { ResponseEnvelope } from './response-envelope.js';
import { ASSERTION_NS, SIGNATURE_NS } from './saml-names.js';
import { signedBytes } from './signed-bytes.js';
import { onlyChild, readXml, type XmlElement } from './xml-element.js';

/** Clocks of two organisations may differ by this much. */
const CLOCK_SKEW_MS = 60_000;

/** What an answer must say to be for us, from this provider, now. */
export interface ResponseExpectation {
  /** The entity id of the identity provider. */
  readonly issuer: string;
  /** PEM. More than one while the provider changes its key. */
  readonly certificates: readonly string[];
  /** Our entity id. */
  readonly audience: string;
  /** Where answers are sent to us. */
  readonly consumerUrl: string;
  /** The request being answered; null when nothing was asked, which the caller has decided to allow. */
  readonly requestId: string | null;
  readonly nowMs: number;
}

/** Who an identity provider says has signed in, proven by its signature. */
export type ProvenAssertion = Pick<ReadAssertion, 'id' | 'subject' | 'attributes' | 'contextClasses'> & {
  /** Epoch milliseconds after which it would not be accepted any more; until then its id must not come again. */
  readonly usableUntilMs: number;
};

/**
 * Checks an answer against SAML 2.0 core §2.5, §3.3.3 and the web browser profile §4.1.4, and reads only what the signature covers. Raises
 * `saml/response_refused` with the first thing that is wrong.
 */
export function checkResponse(envelope: ResponseEnvelope, expected: ResponseExpectation): ProvenAssertion {
  const assertion = readAssertion(signedAssertion(envelope, expected.certificates));
  checkIssuers(envelope, assertion, expected);
  checkDestination(envelope, expected);
  const confirmedUntilMs = checkConfirmation(assertion, expected);
  const conditionsUntilMs = checkConditions(assertion, expected);
  for (const until of assertion.sessionsUntilMs) checkNotOver(until, expected.nowMs);
  return {
    id: assertion.id,
    subject: assertion.subject,
    attributes: assertion.attributes,
    contextClasses: assertion.contextClasses,
    usableUntilMs: Math.min(confirmedUntilMs, conditionsUntilMs) + CLOCK_SKEW_MS,
  };
}

/** Every signature there is must hold, not only the first that does. */
function signedAssertion({ document, response, assertion }: ResponseEnvelope, certificates: readonly string[]): XmlElement {
  const signedParts = [response, assertion].filter((element) => onlyChild(element, SIGNATURE_NS, 'Signature') !== undefined);
  const proven = signedParts.map((element) => readXml(signedBytes(document, element, certificates)));
  const innermost = proven.at(-1);
  if (innermost === undefined) throw refuse('unsigned');
  const found = innermost.name === 'Assertion' ? innermost : onlyChild(innermost, ASSERTION_NS, 'Assertion');
  if (found === undefined || found.namespace !== ASSERTION_NS) throw refuse('not_one_assertion');
  return found;
}

function checkIssuers({ response }: ResponseEnvelope, assertion: ReadAssertion, { issuer }: ResponseExpectation): void {
  const outer = onlyChild(response, ASSERTION_NS, 'Issuer');
  if (assertion.issuer !== issuer || (outer !== undefined && outer.text.trim() !== issuer)) throw refuse('wrong_issuer');
}

/** Required where the whole answer is signed (bindings §3.5.5.2), checked wherever it is said. */
function checkDestination({ response }: ResponseEnvelope, { consumerUrl, requestId }: ResponseExpectation): void {
  const destination = response.attributes.get('Destination');
  const isSigned = onlyChild(response, SIGNATURE_NS, 'Signature') !== undefined;
  if (destination === undefined ? isSigned : destination !== consumerUrl) throw refuse('wrong_destination');
  const answered = response.attributes.get('InResponseTo') ?? null;
  if (answered !== requestId) throw refuse('wrong_request');
}

/** One bearer confirmation must be for us, for this request and in time; answers when it ends. */
function checkConfirmation({ confirmations }: ReadAssertion, expected: ResponseExpectation): number {
  if (confirmations.length === 0) throw refuse('malformed_assertion');
  const problems = confirmations.map((confirmation) => {
    if (confirmation.recipient !== expected.consumerUrl) return 'wrong_recipient';
    if (confirmation.inResponseTo !== expected.requestId) return 'wrong_request';
    if (confirmation.notBeforeMs !== null && isEarly(confirmation.notBeforeMs, expected.nowMs)) return 'not_yet_valid';
    return isOver(confirmation.notOnOrAfterMs, expected.nowMs) ? 'expired' : null;
  });
  const accepted = problems.indexOf(null);
  const confirmation = confirmations[accepted];
  if (confirmation === undefined) throw refuse(problems[0] ?? 'malformed_assertion');
  return confirmation.notOnOrAfterMs;
}

function checkConditions({ conditions }: ReadAssertion, expected: ResponseExpectation): number {
  if (conditions.notBeforeMs !== null && isEarly(conditions.notBeforeMs, expected.nowMs)) throw refuse('not_yet_valid');
  if (conditions.notOnOrAfterMs !== null) checkNotOver(conditions.notOnOrAfterMs, expected.nowMs);
  // Each restriction must name us (core §2.5.1.4), and there must be one: an assertion for everybody is for nobody.
  const { audiences } = conditions;
  if (audiences.length === 0 || !audiences.every((allowed) => allowed.includes(expected.audience))) throw refuse('wrong_audience');
  return conditions.notOnOrAfterMs ?? Number.POSITIVE_INFINITY;
}

function checkNotOver(untilMs: number, nowMs: number): void {
  if (isOver(untilMs, nowMs)) throw refuse('expired');
}

function isEarly(fromMs: number, nowMs: number): boolean {
  return nowMs + CLOCK_SKEW_MS < fromMs;
}

function isOver(untilMs: number, nowMs: number): boolean {
  return nowMs - CLOCK_SKEW_MS >= untilMs;
}
