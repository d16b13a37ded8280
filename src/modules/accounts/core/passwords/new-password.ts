import { Injectable } from '@nestjs/common';
import { Settings } from '../../../../platform/config/settings.js';
import { requireMethod } from '../require-method.js';
import { ChoosePassword, type PasswordOwner } from './choose-password.js';
import { SetPassword } from './set-password.js';

/** A new password in its two steps: judged and hashed outside a transaction, set inside one. */
@Injectable()
export class NewPassword {
  constructor(
    private readonly choosing: ChoosePassword,
    readonly setting: SetPassword,
    private readonly settings: Settings,
  ) {}

  /** Its hash. Raises `accounts/method_off`, `lethe/invalid_request` naming `newPassword`, and `accounts/busy`. */
  hash(password: string, owner: PasswordOwner): Promise<string> {
    requireMethod(this.settings, 'password');
    return this.choosing.run(password, owner, 'newPassword');
  }
}
