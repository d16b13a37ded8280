import { Injectable } from '@nestjs/common';
import { Settings } from '../../../../platform/config/settings.js';
import type { Tx } from '../../../../platform/database/unit-of-work.js';
import { requireMethod } from '../require-method.js';
import { type Pressed, SignInBrake } from '../throttle/sign-in-brake.js';
import { PasswordHashes } from './password-hashes.js';

/** A password that somebody presents, and what the attempt counts under. */
export interface PresentedPassword {
  readonly password: string;
  /** Null: there is nobody of that name, or no password. */
  readonly hash: string | null;
  readonly pressed: readonly Pressed[];
}

/** Compares passwords behind the brake. */
@Injectable()
export class CheckPassword {
  constructor(
    private readonly hashes: PasswordHashes,
    private readonly brake: SignInBrake,
    private readonly settings: Settings,
  ) {}

  /** Whether it is right; counts the attempt first. Raises `http/too_many_requests` and `accounts/busy`. */
  async run({ password, hash, pressed }: PresentedPassword): Promise<boolean> {
    await this.brake.admit(...pressed);
    return this.hashes.verify(password, hash);
  }

  /** Raises `accounts/method_off` unless people may sign in by password. */
  requireOn(): void {
    requireMethod(this.settings, 'password');
  }

  /** A hash at today's cost, if that of a right password was made at a lower one. */
  async renewed(password: string, hash: string): Promise<string | null> {
    return this.hashes.isOutdated(hash) ? this.hashes.hash(password) : null;
  }

  /** Takes an attempt that was right off the counters. */
  relieve(tx: Tx, pressed: readonly Pressed[]): Promise<void> {
    return this.brake.relieve(tx, ...pressed);
  }
}
