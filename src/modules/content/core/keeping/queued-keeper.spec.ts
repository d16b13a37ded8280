import { setImmediate as nextTurn } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { ManualClock } from '../../../../kernel/clock.js';
import { type ApiKeyId, type CallId, newId, type OrganisationId, type ProjectId } from '../../../../kernel/ids.js';
import type { Settings } from '../../../../platform/config/settings.js';
import { Log } from '../../../../platform/telemetry/logger.js';
import { Metrics } from '../../../../platform/telemetry/metrics.js';
import type { CapturedCall, KeepRule } from '../../content.contract.js';
import type { BlobLane } from './blob-lane.js';
import { KeepingWatch } from './keeping-watch.js';
import { KeepingSteps, QueuedKeeper } from './queued-keeper.js';
import type { SealCall, SealedContent, WaitingCall } from './seal-call.js';
import type { SealedBatch } from './sealed-batch.js';
import type { WriteContents } from './write-contents.js';

const RULE: KeepRule = { store: 'payload', days: 1, redact: false, grantId: null };
const MEBIBYTE = 1_048_576;

function call(): CapturedCall {
  return {
    id: newId<CallId>(),
    organisationId: newId<OrganisationId>(),
    projectId: newId<ProjectId>(),
    keyId: newId<ApiKeyId>(),
    request: Buffer.from('{"question":1}'),
    answer: [Buffer.from('{"answer":1}')],
    answerCut: false,
    secrets: [],
  };
}

/** A keeper whose cipher turns everything into the same byte, and whose database counts rows. */
function keeper(): { keeper: QueuedKeeper; sealed: () => number; written: () => number } {
  let sealed = 0;
  let written = 0;
  const seal = ({ rule, call: said, writtenAtMs }: WaitingCall): SealedContent => {
    sealed += 1;
    const { id: callId, organisationId, projectId, keyId } = said;
    const place = { store: rule.store, callId, organisationId, projectId, keyId, grantId: null, keyVersion: 1 };
    const sizes = { requestBytes: said.request.length, answerBytes: 12, requestCut: false, answerCut: false, redacted: false };
    return { facts: { ...place, ...sizes, expiresOn: '2026-01-02', writtenAt: new Date(writtenAtMs) }, pieces: [Buffer.of(1)] };
  };
  const write = (batch: SealedBatch) => {
    written += batch.calls;
    return Promise.resolve();
  };
  const steps = new KeepingSteps(
    { run: seal } as unknown as SealCall,
    { stop: () => undefined } as unknown as BlobLane,
    { run: write } as unknown as WriteContents,
  );
  const clock = new ManualClock(Date.UTC(2026, 0, 1));
  const watch = new KeepingWatch(clock, new Metrics({ clock, processMetrics: false }), Log.open({ level: 'silent' }));
  const settings = { contentMaxBytes: MEBIBYTE, contentBlobBytes: MEBIBYTE, contentMemoryBytes: 64 * MEBIBYTE } as Settings;
  return { keeper: new QueuedKeeper(settings, steps, watch), sealed: () => sealed, written: () => written };
}

describe('content in memory', () => {
  it('is plaintext for no longer than the turn its call ends in, when a hundred calls end in it, turn after turn', async () => {
    const { keeper: kept, sealed, written } = keeper();
    for (let turn = 1; turn <= 5; turn += 1) {
      for (let ended = 0; ended < 100; ended += 1) expect(kept.keep(RULE, call())).toBe(true);
      await nextTurn();
      expect(sealed()).toBe(turn * 100);
    }
    await kept.stop(1_000);
    expect(written()).toBe(500);
  });

  it('does not hold a turn up for longer than sealing 128 calls takes', async () => {
    const { keeper: kept, sealed, written } = keeper();
    for (let ended = 0; ended < 300; ended += 1) kept.keep(RULE, call());
    const bySteps: number[] = [];
    for (let turn = 0; turn < 3; turn += 1) {
      await nextTurn();
      bySteps.push(sealed());
    }
    expect(bySteps).toEqual([128, 256, 300]);
    await kept.stop(1_000);
    expect(written()).toBe(300);
  });
});
