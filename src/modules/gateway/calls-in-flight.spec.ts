import { describe, expect, it } from 'vitest';
import { CallsInFlight } from './calls-in-flight.js';
import type { Exchange } from './exchange.js';

const call = (id: number) => ({ id, place: -1 }) as unknown as Exchange;
const ids = (calls: CallsInFlight) => [...calls].map(({ id }) => Number(id)).toSorted((a, b) => a - b);

describe('the calls in flight', () => {
  it('are those that were added and not removed, in whatever order they end', () => {
    const calls = new CallsInFlight();
    const all = [1, 2, 3, 4, 5].map(call);
    for (const each of all) calls.add(each);
    for (const at of [2, 4, 0]) calls.remove(all[at] as Exchange);
    expect(ids(calls)).toEqual([2, 4]);
    expect(calls.size).toBe(2);
    calls.add(all[0] as Exchange);
    for (const at of [1, 3, 0]) calls.remove(all[at] as Exchange);
    expect(calls.size).toBe(0);
  });

  it('a call that is not among them is removed without effect, also twice', () => {
    const calls = new CallsInFlight();
    const [kept, gone] = [call(1), call(2)];
    calls.add(kept);
    calls.add(gone);
    for (let times = 0; times < 2; times += 1) calls.remove(gone);
    calls.remove(call(3));
    expect(ids(calls)).toEqual([1]);
  });

  it('may end while they are gone through', () => {
    const calls = new CallsInFlight();
    for (let id = 0; id < 10; id += 1) calls.add(call(id));
    const seen: Exchange[] = [];
    for (const each of calls) {
      seen.push(each);
      calls.remove(each);
    }
    expect(seen).toHaveLength(10);
    expect(calls.size).toBe(0);
  });
});
