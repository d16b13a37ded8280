import { Injectable } from '@nestjs/common';
import { Settings } from '../../../../platform/config/settings.js';
import { UnitOfWork } from '../../../../platform/database/unit-of-work.js';
import type { AccountPrincipal } from '../../../../platform/http/principal.js';
import type { OpenedSession } from '../../accounts.contract.js';
import { accountsErrors } from '../../accounts.errors.js';
import { AccountsRepository } from '../../data/accounts.repository.js';
import { PasswordHashes } from '../passwords/password-hashes.js';
import { requireMethod } from '../require-method.js';
import { RenewSession } from '../sessions/renew-session.js';
import { type Pressed, SignInBrake } from '../throttle/sign-in-brake.js';

/** Proves once more, by password, that the person at a signed-in browser is its owner. */
@Injectable()
export class ProveByPassword {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly accounts: AccountsRepository,
    private readonly hashes: PasswordHashes,
    private readonly sessions: RenewSession,
    private readonly brake: SignInBrake,
    private readonly settings: Settings,
  ) {}

  /** Raises `accounts/proof_refused`, `accounts/no_password`, `accounts/method_off` and `http/too_many_requests`. */
  async run({ id, sessionId }: AccountPrincipal, password: string): Promise<OpenedSession> {
    requireMethod(this.settings, 'password');
    const hash = await this.unitOfWork.asSystem((tx) => this.accounts.findPassword(tx, id));
    if (hash === null) throw accountsErrors.no_password();
    const pressed: Pressed = { kind: 'account_sign_in', subject: id };
    await this.brake.admit(pressed);
    if (!(await this.hashes.verify(password, hash))) throw accountsErrors.proof_refused();
    return this.unitOfWork.asSystem(async (tx) => {
      if ((await this.accounts.findPassword(tx, id)) !== hash) throw accountsErrors.proof_refused();
      await this.brake.relieve(tx, pressed);
      return this.sessions.run(tx, sessionId, 'password');
    });
  }
}
