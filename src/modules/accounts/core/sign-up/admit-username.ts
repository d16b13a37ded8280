import { Injectable } from '@nestjs/common';
import { invalidRequest } from '../../../../kernel/errors.js';
import { ChoosePassword } from '../passwords/choose-password.js';
import { networkPressed, SignInBrake } from '../throttle/sign-in-brake.js';
import { readUsername } from '../username.js';
import { SignUpPolicy } from './sign-up-policy.js';

/** What somebody wants to be known by, and to sign in with. */
export interface WantedCredentials {
  readonly username: string;
  readonly password: string;
  readonly isOldEnough: boolean;
}

/** A username and a password that may become an account's. */
export interface AdmittedCredentials {
  readonly username: string;
  readonly passwordHash: string;
  readonly attestedAge: number;
}

/** Judges a sign-up by username, all but whether somebody has the username. */
@Injectable()
export class AdmitUsername {
  constructor(
    private readonly policy: SignUpPolicy,
    private readonly brake: SignInBrake,
    private readonly passwords: ChoosePassword,
  ) {}

  /**
   * Counts the attempt before it tells anything. Raises `accounts/sign_up_off`, `accounts/identifier_off`, `accounts/method_off`, `accounts/busy`,
   * `lethe/invalid_request` and `http/too_many_requests`.
   */
  async run({ username, password, isOldEnough }: WantedCredentials, remoteAddress: string): Promise<AdmittedCredentials> {
    this.policy.require({ identifier: 'username', method: 'password', isOldEnough });
    const read = readUsername(username);
    if ('problem' in read) throw invalidRequest([{ field: 'username', message: read.problem }]);
    await this.brake.admit(networkPressed('network_username', remoteAddress));
    const passwordHash = await this.passwords.run(password, { email: null, username: read.normal }, 'password');
    return { username: read.written, passwordHash, attestedAge: this.policy.minimumAge };
  }
}
