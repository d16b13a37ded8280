import type { KeyObject } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { utcDayAfter } from '../../../../kernel/clock.js';
import type { CapturedCall, KeepRule } from '../../content.contract.js';
import type { ContentRow } from '../../data/content-rows.js';
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

/** A row without what was said. */
type ContentFacts = Omit<ContentRow, 'sealed' | 'blobDay'>;

/** Content that goes to the blob store. */
export interface LargeContent {
  readonly row: ContentRow;
  /** Compresses and seals as it is read. Each call begins anew, under a salt of its own. */
  sealed(): AsyncIterable<Buffer>;
}

interface OpenedCall {
  readonly request: Buffer;
  readonly key: KeyObject;
  readonly row: ContentFacts;
}

/** Turns what was said into a row: redacted where the rule says so, compressed, sealed. Plaintext goes no further than this. */
@Injectable()
export class SealCall {
  constructor(
    private readonly keys: ContentKeys,
    private readonly redactor: Redactor,
  ) {}

  /** Null when the input could not be freed of secrets: then nothing of it is kept (C2). Rejects when there is no key to seal it under. */
  async run(waiting: WaitingCall): Promise<ContentRow | null> {
    const open = await this.open(waiting);
    if (open === null) return null;
    const { request, key, row } = open;
    const packing = packDocument(request, waiting.call.answer);
    // No turn of the event loop for what is small.
    const packed = packing instanceof Promise ? await packing : packing;
    const sealed = sealContent(key, packed, contextOf(row));
    // The last plaintext of our own making; the buffers of the call itself are the garbage collector's.
    packed.fill(0);
    return { ...row, sealed, blobDay: null };
  }

  /** The same for what goes to the blob store: the row that leads to it, and its sealed bytes as they are asked for. */
  async runLarge(waiting: WaitingCall): Promise<LargeContent | null> {
    const open = await this.open(waiting);
    if (open === null) return null;
    const { request, key, row } = open;
    const sealed = () => sealPieces(key, packPieces(request, waiting.call.answer), contextOf(row));
    return { row: { ...row, sealed: null, blobDay: row.expiresOn }, sealed };
  }

  private async open(waiting: WaitingCall): Promise<OpenedCall | null> {
    const { rule, call } = waiting;
    const found = this.keys.toSeal(call.organisationId);
    // No turn of the event loop where the key is in memory already, as it nearly always is.
    const open = found instanceof Promise ? await found : found;
    const request = rule.redact ? await this.redact(call) : call.request;
    return request === null ? null : { request, key: open.key, row: factsOf(waiting, request, open) };
  }

  private async redact({ request, secrets }: CapturedCall): Promise<Buffer | null> {
    const outcome = await this.redactor.redact({ body: request, knownSecrets: secrets });
    return outcome.kind === 'redacted' ? Buffer.from(outcome.body.buffer, outcome.body.byteOffset, outcome.body.byteLength) : null;
  }
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
