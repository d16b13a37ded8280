import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { idTimeMs, isId, newId, type OrganisationId } from '../../../kernel/ids.js';
import { callConditions, lowestIdAt, Parameters } from './call-conditions.js';

const MAX_MS = 0xffff_ffff_ffff;

describe('the lowest id of a moment', () => {
  it('is a UUIDv7 of that moment, and no later one sorts before it', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: MAX_MS }), (ms) => {
        const id = lowestIdAt(ms);
        expect(isId(id) && idTimeMs(id)).toBe(ms);
        if (ms < MAX_MS) expect(id < lowestIdAt(ms + 1)).toBe(true);
      }),
    );
    const id = newId();
    expect(lowestIdAt(idTimeMs(id)) <= id).toBe(true);
  });

  it('stays a UUID for moments no id can have', () => {
    for (const ms of [-5, 0.5, MAX_MS + 10]) expect(isId(lowestIdAt(ms))).toBe(true);
  });
});

describe('the conditions on calls', () => {
  const filter = {
    model: "x' OR true --",
    provider: 'p',
    outcome: 'failed',
    usageSource: 'none',
    stream: true,
    clientRequestId: 'c',
    fromMs: 1,
    toMs: 2,
  } as const;

  it('hold no value of the caller: each is a parameter', () => {
    const parameters = new Parameters();
    const sql = callConditions('call_record', { organisationId: newId<OrganisationId>() }, filter, parameters);
    expect(sql).toMatch(/^[a-z_ $0-9=<>AND]+$/);
    expect(sql?.match(/\$\d+/g)).toHaveLength(parameters.values.length);
  });

  it('know that a call in flight has no outcome, provider or usage yet', () => {
    for (const condition of [{ provider: 'p' }, { usageSource: 'unknown' }, { outcome: 'failed' }] as const) {
      expect(callConditions('call_intent', {}, condition, new Parameters())).toBeNull();
    }
    expect(callConditions('call_record', {}, { outcome: 'open' }, new Parameters())).toBeNull();
    expect(callConditions('call_intent', {}, { outcome: 'open' }, new Parameters())).toBe('true');
  });
});
