import { Injectable } from '@nestjs/common';
import { DiscoveryService } from '@nestjs/core';
import { SignInRule } from '../../../../contracts/sign-in-rule.js';
import type { Tx } from '../../../../platform/database/unit-of-work.js';
import { DescribeOrigin } from './describe-origin.js';
import { TellNewSignIn } from './tell-new-sign-in.js';

/** Asks every {@link SignInRule} there is, of whatever module, before a session opens. */
@Injectable()
export class SignInAdmission {
  constructor(private readonly discovery: DiscoveryService) {}

  /** Raises whatever a rule raises. */
  async check(tx: Tx, signIn: Parameters<SignInRule['check']>[1]): Promise<void> {
    for (const { instance } of this.discovery.getProviders()) {
      if (instance instanceof SignInRule) await instance.check(tx, signIn);
    }
  }
}

/** What a new session needs beside its rules: who may open one, where it comes from, and who is told. */
@Injectable()
export class SignInSurroundings {
  constructor(
    readonly admission: SignInAdmission,
    readonly origins: DescribeOrigin,
    readonly news: TellNewSignIn,
  ) {}
}
