import type { Clock } from '../../../kernel/clock.js';
import type { AppError } from '../../../kernel/errors.js';

const KEPT_MS = 1_000;
const CAPACITY = 10_000;

/** Keys refused within the last second, so that one who repeats a wrong key costs one look-up a second. */
export class RecentRefusals {
  private readonly refusals = new Map<string, { readonly untilMs: number; readonly refuse: () => AppError }>();

  constructor(private readonly clock: Clock) {}

  add(hash: Buffer, refuse: () => AppError): void {
    const name = hash.toString('latin1');
    this.refusals.delete(name);
    this.refusals.set(name, { untilMs: this.clock.monotonicMs() + KEPT_MS, refuse });
    if (this.refusals.size > CAPACITY) this.removeFirst();
  }

  find(hash: Buffer): (() => AppError) | undefined {
    const name = hash.toString('latin1');
    const refusal = this.refusals.get(name);
    if (refusal === undefined) return undefined;
    if (this.clock.monotonicMs() < refusal.untilMs) return refusal.refuse;
    this.refusals.delete(name);
    return undefined;
  }

  private removeFirst(): void {
    for (const name of this.refusals.keys()) {
      this.refusals.delete(name);
      return;
    }
  }
}
