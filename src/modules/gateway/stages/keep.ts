import { invalidRequest } from '../../../kernel/errors.js';
import type { CapturedCall, ContentGate, ContentKeeper, KeepRule } from '../../content/content.contract.js';
import type { Exchange } from '../exchange.js';
import type { AttemptEnd } from '../upstream/upstream-call.js';
import { bearerToken } from './authenticate.js';

export interface KeepParts {
  readonly gate: ContentGate;
  readonly keeper: ContentKeeper;
}

/** By which a client asks that nothing of a call be kept, and by which every answer says what is (C6). */
export const RETENTION_HEADER = 'x-lethe-retention';

/** Whether the client asked that nothing of this call be kept. Raises `lethe/invalid_request` for any other wish: none may be misread. */
export function asksForNothing(header: string | readonly string[] | undefined): boolean {
  if (header === undefined) return false;
  const wishes = String(header).split(',');
  if (wishes.every((wish) => wish.trim().toLowerCase() === 'none')) return true;
  throw invalidRequest([{ field: RETENTION_HEADER, message: 'must be none, or be left out' }]);
}

/**
 * Asks the gate, before anything was said: from here on the call carries what is to be kept of it, and says so in its answer. A stream's answer is
 * collected as it passes, because nothing else holds it.
 */
export function decideKeeping(exchange: Exchange, { gate, keeper }: KeepParts): void {
  const { id, principal, received } = exchange;
  const decision = gate.decide({
    id,
    organisationId: principal.organisationId,
    projectId: principal.projectId,
    keyId: principal.id,
    optedOut: received.keepNothing,
  });
  exchange.keep = decision;
  if (!received.read.stream) return;
  if (decision.success) exchange.capture = keeper.capture();
  // Its headers go before anybody knows how it ends.
  exchange.retention = foretold(exchange.capture ? decision.success : null, decision.failure);
}

/** Hands what was said to the keeper, once the call is settled and before its last byte: input and output of a call that succeeded, else the input. */
export function keep(exchange: Exchange, end: AttemptEnd, keeper: ContentKeeper): void {
  const { keep: decision, capture, settlement } = exchange;
  const answerCut = capture?.isCut ?? false;
  capture?.release();
  const isSuccess = settlement?.outcome === 'succeeded';
  const rule = isSuccess ? decision.success : decision.failure;
  const answer = isSuccess ? answerOf(exchange, end) : null;
  const isComplete = !isSuccess || answer !== null;
  const isKept = rule !== null && isComplete && keeper.keep(rule, captured(exchange, rule, { answer, answerCut }));
  exchange.retention = isKept ? worded(rule) : 'none';
}

/** Null when nobody collected it. */
function answerOf({ capture }: Exchange, end: AttemptEnd): readonly Buffer[] | null {
  if (end.kind === 'whole') return [end.body];
  if (end.kind === 'failed' || capture === null) return null;
  return [...capture.pieces, ...end.tap.lastBytes()];
}

function captured(exchange: Exchange, rule: KeepRule, answered: Pick<CapturedCall, 'answer' | 'answerCut'>): CapturedCall {
  const { id, principal, received, upstreamSecrets } = exchange;
  const { organisationId, projectId, id: keyId } = principal;
  const secrets = rule.redact ? [bearerToken(exchange.request), ...upstreamSecrets] : [];
  return { id, organisationId, projectId, keyId, request: received.body, ...answered, secrets };
}

/** A structured field (RFC 9651): `payload;days=30`, `failed-input;days=30;redacted`. */
function worded({ store, days, redact }: KeepRule): string {
  return `${store === 'failed_input' ? 'failed-input' : store};days=${days}${redact ? ';redacted' : ''}`;
}

function foretold(success: KeepRule | null, failure: KeepRule | null): string {
  if (success === null && failure === null) return 'none';
  const [well, badly] = [success, failure].map((rule) => (rule === null ? 'none' : worded(rule)));
  return `${well};when=succeeded, ${badly};when=failed`;
}
