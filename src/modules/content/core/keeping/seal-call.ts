import { Injectable } from '@nestjs/common';
import { utcDayAfter } from '../../../../kernel/clock.js';
import type { CapturedCall, KeepRule } from '../../content.contract.js';
import type { ContentRow } from '../../data/content-rows.js';
import { Redactor } from '../../redaction.contract.js';
import { ContentKeys } from '../keys/content-keys.js';
import type { OpenKey } from '../keys/open-content-key.js';
import { packDocument } from './content-document.js';
import { sealContent } from './sealed-content.js';

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

/** Turns what was said into a row: redacted where the rule says so, compressed, sealed. Plaintext goes no further than this. */
@Injectable()
export class SealCall {
  constructor(
    private readonly keys: ContentKeys,
    private readonly redactor: Redactor,
  ) {}

  /** Null when the input could not be freed of secrets: then nothing of it is kept (C2). Rejects when there is no key to seal it under. */
  async run(waiting: WaitingCall): Promise<ContentRow | null> {
    const { rule, call } = waiting;
    const found = this.keys.toSeal(call.organisationId);
    // No turn of the event loop where the key is in memory already, as it nearly always is.
    const key = found instanceof Promise ? await found : found;
    const request = rule.redact ? await this.redact(call) : call.request;
    if (request === null) return null;
    const packed = packDocument(request, call.answer);
    return rowOf(waiting, request, packed instanceof Promise ? await packed : packed, key);
  }

  private async redact({ request, secrets }: CapturedCall): Promise<Buffer | null> {
    const outcome = await this.redactor.redact({ body: request, knownSecrets: secrets });
    return outcome.kind === 'redacted' ? Buffer.from(outcome.body.buffer, outcome.body.byteOffset, outcome.body.byteLength) : null;
  }
}

function rowOf(
  { rule, call, requestCut, writtenAtMs }: WaitingCall,
  request: Buffer,
  packed: Buffer,
  { key, version }: OpenKey,
): ContentRow {
  const { id, organisationId, projectId, keyId, answer, answerCut } = call;
  const sealed = sealContent(key, packed, { organisationId, callId: id, store: rule.store, keyVersion: version });
  // The last plaintext of our own making; the buffers of the call itself are the garbage collector's.
  packed.fill(0);
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
    sealed,
  };
}
