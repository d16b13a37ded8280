import { describe, expect, it } from 'vitest';
import type { GatedCall, KeepDecision } from '../../src/modules/content/content.contract.js';
import { type GateFacts, gateMutants, soundGate } from '../harness/canary/gate-mutants.js';

const NOW = 1_000_000;
/** Ends in 000100, of which a thousand leave 256. */
const CALL = '00000000-0000-7000-8000-000000000100';

/** One situation that a call can be in. */
interface Situation {
  readonly optedOut: boolean;
  readonly isRead: boolean;
  readonly payloadDays: number;
  readonly failedDays: number;
  readonly payloads: boolean;
  readonly samplePerMille: number;
  readonly failedInputs: boolean;
  readonly failedInputsAre: 'redacted' | 'as_payload';
  readonly grantDays: number;
  /** What the grant there is covers; null: there is none. */
  readonly grantOn: 'organisation' | 'project' | 'key' | 'another key' | null;
  readonly grantEnded: boolean;
}

const CHOICES: { readonly [Fact in keyof Situation]: readonly Situation[Fact][] } = {
  optedOut: [false, true],
  isRead: [true, false],
  payloadDays: [0, 7],
  failedDays: [0, 30],
  payloads: [true, false],
  samplePerMille: [1_000, 257, 256, 0],
  failedInputs: [true, false],
  failedInputsAre: ['redacted', 'as_payload'],
  grantDays: [0, 3],
  grantOn: [null, 'organisation', 'project', 'key', 'another key'],
  grantEnded: [false, true],
};

/** Every combination there is. */
function situations(): Situation[] {
  let all: Partial<Situation>[] = [{}];
  for (const [fact, values] of Object.entries(CHOICES)) all = all.flatMap((some) => values.map((value) => ({ ...some, [fact]: value })));
  return all as Situation[];
}

/** What is to be kept, as `promises.md` says it (C2, C3, C5, C6): by days and whether it is redacted; null: nothing. */
function promised(situation: Situation): readonly [success: string | null, failure: string | null] {
  const { optedOut, isRead, payloadDays, failedDays, payloads, samplePerMille, failedInputs, grantDays, grantOn, grantEnded } = situation;
  if (optedOut || !isRead) return [null, null];
  const isRedacted = situation.failedInputsAre === 'redacted';
  const isGranted = grantDays > 0 && !grantEnded && grantOn !== null && grantOn !== 'another key';
  const granted = (redacted: boolean): string | null => (isGranted ? kept('granted', grantDays, redacted) : null);
  const takesPayload = payloadDays > 0 && payloads && samplePerMille > 256;
  return [
    takesPayload ? kept('payload', payloadDays, false) : granted(false),
    failedDays > 0 && failedInputs ? kept('failed_input', failedDays, isRedacted) : granted(isRedacted),
  ];
}

const kept = (store: string, days: number, redacted: boolean): string => `${store}, ${days} days${redacted ? ', redacted' : ''}`;

function decided({ success, failure }: KeepDecision): readonly [string | null, string | null] {
  const said = (rule: KeepDecision['success']): string | null => rule && kept(rule.store, rule.days, rule.redact);
  return [said(success), said(failure)];
}

function factsOf(situation: Situation): GateFacts {
  const { isRead, payloads, samplePerMille, failedInputs, failedInputsAre, grantDays, grantOn, grantEnded } = situation;
  const grants = grantOn === null ? [] : [{ id: 'grant', scopeId: grantOn, endsAtMs: grantEnded ? NOW : NOW + 1 }];
  return {
    policies: { isRead, settingOf: () => ({ payloads, samplePerMille, failedInputs }), grantsOf: () => grants },
    allowance: {
      policy: { failedInputs: failedInputsAre, grantDays },
      payloadDays: () => situation.payloadDays,
      failedInputDays: () => situation.failedDays,
    },
    clock: { nowMs: () => NOW },
  };
}

/** Whether a gate keeps what is promised, in each of the situations. */
function keepsPromises(Gate: ReturnType<typeof soundGate>, all: readonly Situation[]): boolean {
  return all.every((situation) => {
    const { policies, allowance, clock } = factsOf(situation);
    const call = { id: CALL, organisationId: 'organisation', projectId: 'project', keyId: 'key', optedOut: situation.optedOut };
    return String(decided(new Gate(policies, allowance, clock).decide(call as unknown as GatedCall))) === String(promised(situation));
  });
}

/** Conditions that only save work: without them the gate answers the same. */
const SHORT_CUTS = [
  'payloadDays === 0 && failedDays === 0 && grantId === null → false',
  'payloadDays === 0 && failedDays === 0 → false',
  'grantId === null → false',
  'payloadDays === 0 → false',
  'failedDays === 0 → false',
  'grants.length === 0 → false',
  'perMille >= 1000 → false',
];

describe('C1–C6: the content gate', () => {
  const all = situations();

  it('keeps what is promised and nothing else, in every situation a call can be in', () => {
    expect(all.length).toBeGreaterThan(5_000);
    expect(keepsPromises(soundGate(), all)).toBe(true);
  });

  it('breaks a promise as soon as any of its conditions is taken for true or for false', () => {
    const mutants = gateMutants();
    expect(mutants.length).toBeGreaterThan(40);
    expect(mutants.filter(({ Gate }) => keepsPromises(Gate, all)).map(({ name }) => name)).toEqual(SHORT_CUTS);
  });
});
