import { createHmac } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { hash, parseOptions, verify } from '@node-rs/bcrypt';
import { Settings } from '../../../../platform/config/settings.js';
import { accountsErrors } from '../../accounts.errors.js';

/** Hashes at once: each takes a thread of the pool that files and names are read with, too. */
const AT_ONCE = 2;
/** Waiting beyond that; past it a sign-in is told to come back. */
const WAITING = 64;
const RETRY_AFTER_SECONDS = 3;

/**
 * bcrypt over a keyed digest of the password (K5, ADR 0029). The digest takes passwords of any length and any character past bcrypt's limit of
 * 72 bytes and its end at NUL; its key, no secret, keeps hashes stolen elsewhere from being tried against ours. Runs on threads beside the event loop.
 */
@Injectable()
export class PasswordHashes {
  private running = 0;
  private readonly queue: (() => void)[] = [];
  private nobodys: Promise<string> | null = null;

  constructor(private readonly settings: Settings) {}

  /** Raises `accounts/busy` when too many are waiting. */
  hash(password: string): Promise<string> {
    return this.inTurn(() => hash(digestOf(password), { cost: this.settings.passwordCost }));
  }

  /**
   * Whether `password` is the one `stored` was made of. Without one it takes as long to say no: nobody learns from the time whether there is an
   * account. Raises `accounts/busy`.
   */
  async verify(password: string, stored: string | null): Promise<boolean> {
    const against = stored ?? (await this.nobodysHash());
    const digest = digestOf(password);
    const isRight = await this.inTurn(async () => (await verify(digest, against)) || this.spendTheRest(digest, against));
    return isRight && stored !== null;
  }

  /** Whether a hash was made at a lower cost than is asked for now. */
  isOutdated(stored: string): boolean {
    return parseOptions(stored).cost < this.settings.passwordCost;
  }

  /** A hash made at a lower cost is sooner done with. Each step of cost doubles the time, so its cost and these make up today's. Answers no. */
  private async spendTheRest(digest: string, stored: string): Promise<false> {
    for (let { cost } = parseOptions(stored); cost < this.settings.passwordCost; cost += 1) await hash(digest, { cost });
    return false;
  }

  private nobodysHash(): Promise<string> {
    this.nobodys ??= hash(digestOf('nobody'), { cost: this.settings.passwordCost });
    return this.nobodys;
  }

  private async inTurn<T>(work: () => Promise<T>): Promise<T> {
    if (this.running >= AT_ONCE) {
      if (this.queue.length >= WAITING) throw accountsErrors.busy({ details: { retryAfterSeconds: RETRY_AFTER_SECONDS } });
      await new Promise<void>((resolve) => this.queue.push(resolve));
    } else {
      this.running += 1;
    }
    try {
      return await work();
    } finally {
      const next = this.queue.shift();
      // The place passes on to whoever waits, so that nobody slips in between.
      if (next) next();
      else this.running -= 1;
    }
  }
}

/** 44 characters without NUL, whatever the password; NFKC, since keyboards disagree on how to write é (NIST SP 800-63B §3.1.1.2). */
function digestOf(password: string): string {
  return createHmac('sha256', 'lethe password v1').update(password.normalize('NFKC')).digest('base64');
}
