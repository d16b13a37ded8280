import type { KeyObject } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { utcDayAfter } from '../../../../kernel/clock.js';
import type { CapturedCall, KeepRule } from '../../content.contract.js';
import type { ContentFacts, ContentRow } from '../../data/content-rows.js';
import { Redactor } from '../../redaction.contract.js';
import { ContentKeys } from '../keys/content-keys.js';
import type { OpenKey } from '../keys/open-content-key.js';
import { packDocument, packPieces } from './content-document.js';
import { type ContentContext, sealContent, sealPieces } from './sealed-content.js';

/** A call whose content is to be kept, and when that was decided. */
export interface WaitingCall {
  readonly rule: KeepRule;
  readonly call: CapturedCall;
  readonly requestCut: boolean;
  /** Wall-clock time: its window counts from here. */
  readonly writtenAtMs: number;
  /** Monotonic. */
  readonly takenAtMs: number;
  /** Room it takes until it is written. */
  readonly bytes: number;
}

/** A row, and its sealed bytes in pieces. */
export interface SealedContent {
  readonly facts: ContentFacts;
  readonly pieces: readonly Buffer[];
}

/** Content that goes to the blob store. */
export interface LargeContent {
  readonly row: ContentRow;
  /** Compresses and seals as it is read. Each call begins anew, under a salt of its own. */
  sealed(): AsyncIterable<Buffer>;
}

interface OpenedCall {
  readonly request: Buffer;
  readonly key: KeyObject;
  readonly facts: ContentFacts;
}

/** Turns what was said into a row: redacted where the rule says so, compressed, sealed. Plaintext goes no further than this. */
@Injectable()
export class SealCall {
  constructor(
    private readonly keys: ContentKeys,
    private readonly redactor: Redactor,
  ) {}

  /**
   * Null when the input could not be freed of secrets: then nothing of it is kept (C2). Rejects when there is no key to seal it under. At once, without
   * a promise, where the key is in memory, the content small and nothing to be redacted, as nearly always.
   */
  run(waiting: WaitingCall): SealedContent | null | Promise<SealedContent | null> {
    const open = this.open(waiting);
    return open instanceof Promise ? open.then((opened) => this.seal(waiting, opened)) : this.seal(waiting, open);
  }

  /** The same for what goes to the blob store: the row that leads to it, and its sealed bytes as they are asked for. */
  async runLarge(waiting: WaitingCall): Promise<LargeContent | null> {
    const open = await this.open(waiting);
    if (open === null) return null;
    const { request, key, facts } = open;
    const sealed = () => sealPieces(key, packPieces(request, waiting.call.answer), contextOf(facts));
    return { row: { ...facts, sealed: null, blobDay: facts.expiresOn }, sealed };
  }

  private seal(waiting: WaitingCall, open: OpenedCall | null): SealedContent | null | Promise<SealedContent> {
    if (open === null) return null;
    const packed = packDocument(open.request, waiting.call.answer);
    return packed instanceof Promise ? packed.then((bytes) => sealed(open, bytes)) : sealed(open, packed);
  }

  private open(waiting: WaitingCall): OpenedCall | Promise<OpenedCall | null> {
    const { rule, call } = waiting;
    const key = this.keys.toSeal(call.organisationId);
    if (!(key instanceof Promise) && !rule.redact) return opened(waiting, call.request, key);
    return this.openSlowly(waiting, key);
  }

  private async openSlowly(waiting: WaitingCall, found: OpenKey | Promise<OpenKey>): Promise<OpenedCall | null> {
    const key = await found;
    const request = waiting.rule.redact ? await this.redact(waiting.call) : waiting.call.request;
    return request === null ? null : opened(waiting, request, key);
  }

  private async redact({ request, secrets }: CapturedCall): Promise<Buffer | null> {
    const outcome = await this.redactor.redact({ body: request, knownSecrets: secrets });
    return outcome.kind === 'redacted' ? Buffer.from(outcome.body.buffer, outcome.body.byteOffset, outcome.body.byteLength) : null;
  }
}

function opened(waiting: WaitingCall, request: Buffer, open: OpenKey): OpenedCall {
  return { request, key: open.key, facts: factsOf(waiting, request, open) };
}

function sealed({ key, facts }: OpenedCall, packed: Buffer): SealedContent {
  const pieces = sealContent(key, packed, contextOf(facts));
  // The last plaintext of our own making; the buffers of the call itself are the garbage collector's.
  packed.fill(0);
  return { facts, pieces };
}

function contextOf({ organisationId, callId, store, keyVersion }: ContentFacts): ContentContext {
  return { organisationId, callId, store, keyVersion };
}

function factsOf({ rule, call, requestCut, writtenAtMs }: WaitingCall, request: Buffer, { version }: OpenKey): ContentFacts {
  const { id, organisationId, projectId, keyId, answer, answerCut } = call;
  return {
    store: rule.store,
    callId: id,
    expiresOn: utcDayAfter(writtenAtMs, rule.days),
    organisationId,
    projectId,
    keyId,
    writtenAt: new Date(writtenAtMs),
    grantId: rule.grantId,
    keyVersion: version,
    requestBytes: request.length,
    answerBytes: answer === null ? null : answer.reduce((sum, piece) => sum + piece.length, 0),
    requestCut,
    answerCut,
    redacted: rule.redact,
  };
}
