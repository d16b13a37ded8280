import { hash } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { Clock } from '../../../../kernel/clock.js';
import { type Tx, UnitOfWork } from '../../../../platform/database/unit-of-work.js';
import { httpErrors } from '../../../../platform/http/http.errors.js';
import { subscriberOf } from '../../../../platform/http/allowed-networks.js';
import { SignInPressureRepository } from '../../data/sign-in-pressure.repository.js';
import { PRESSURE_RULES, type PressureKind, weigh } from './pressure-rules.js';

/** 262,144 buckets a kind: what strangers can make the table hold is bounded, and a bucket says nothing of who fell into it. */
const BUCKET_BITS = 18;

/** What an attempt is counted under: an account's name, an address, a network. */
export interface Pressed {
  readonly kind: PressureKind;
  readonly subject: string;
}

/**
 * Slows guessing and flooding, on all replicas together (A7). An attempt is counted before it is made, so a thousand at once count as a
 * thousand; what turns out right is taken off again.
 */
@Injectable()
export class SignInBrake {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly pressures: SignInPressureRepository,
    private readonly clock: Clock,
  ) {}

  /** Counts an attempt under each of these, in a transaction of its own. Raises `http/too_many_requests` with the time to wait, and counts none then. */
  async admit(...pressed: readonly Pressed[]): Promise<void> {
    const waitSeconds = await this.unitOfWork.asSystem((tx) => this.count(tx, pressed));
    if (waitSeconds > 0) {
      throw httpErrors.too_many_requests({
        message: 'Too many attempts. Try again later.',
        details: { retryAfterSeconds: Math.ceil(waitSeconds) },
      });
    }
  }

  /** Takes attempts that were right off again: one from a network, all from a name. */
  async relieve(tx: Tx, ...pressed: readonly Pressed[]): Promise<void> {
    for (const { kind, subject } of inOrder(pressed)) {
      await this.pressures.relieve(tx, kind, bucketOf(kind, subject), kind.startsWith('network') ? 1 : Number.MAX_SAFE_INTEGER);
    }
  }

  private async count(tx: Tx, pressed: readonly Pressed[]): Promise<number> {
    const now = this.clock.now();
    const after: { readonly kind: PressureKind; readonly bucket: number; readonly level: number }[] = [];
    for (const { kind, subject } of inOrder(pressed)) {
      const bucket = bucketOf(kind, subject);
      const { level, changedAt } = await this.pressures.lock(tx, kind, bucket, now);
      const verdict = weigh(PRESSURE_RULES[kind], { level, changedAtMs: changedAt.getTime() }, now.getTime());
      if ('waitSeconds' in verdict) return verdict.waitSeconds;
      after.push({ kind, bucket, level: verdict.level });
    }
    for (const { kind, bucket, level } of after) await this.pressures.set(tx, kind, bucket, { level, changedAt: now });
    return 0;
  }
}

/** The network an attempt comes from. */
export function networkPressed(kind: PressureKind & `network_${string}`, remoteAddress: string): Pressed {
  return { kind, subject: subscriberOf(remoteAddress) };
}

/** Counters are locked in one order, so that two attempts never wait for each other. */
function inOrder(pressed: readonly Pressed[]): Pressed[] {
  return [...pressed].sort((a, b) => (a.kind < b.kind ? -1 : 1));
}

function bucketOf(kind: PressureKind, subject: string): number {
  return hash('sha256', `${kind} ${subject}`, 'buffer').readUInt32BE(0) >>> (32 - BUCKET_BITS);
}
