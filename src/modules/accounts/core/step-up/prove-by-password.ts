import { Injectable } from '@nestjs/common';
import type { AccountPrincipal } from '../../../../platform/http/principal.js';
import type { OpenedSession } from '../../accounts.contract.js';
import { accountsErrors } from '../../accounts.errors.js';
import { AccountDesk } from '../account-desk.js';
import { CheckPassword } from '../passwords/check-password.js';
import { RenewSession } from '../sessions/renew-session.js';

/** Proves once more, by password, that the person at a signed-in browser is its owner. */
@Injectable()
export class ProveByPassword {
  constructor(
    private readonly desk: AccountDesk,
    private readonly checking: CheckPassword,
    private readonly sessions: RenewSession,
  ) {}

  /** Raises `accounts/proof_refused`, `accounts/no_password`, `accounts/method_off` and `http/too_many_requests`. */
  async run({ id, sessionId }: AccountPrincipal, password: string): Promise<OpenedSession> {
    this.checking.requireOn();
    const { unitOfWork, accounts } = this.desk;
    const hash = await unitOfWork.asSystem((tx) => accounts.findPassword(tx, id));
    if (hash === null) throw accountsErrors.no_password();
    const pressed = [{ kind: 'account_sign_in', subject: id }] as const;
    if (!(await this.checking.run({ password, hash, pressed }))) throw accountsErrors.proof_refused();
    return unitOfWork.asSystem(async (tx) => {
      if ((await accounts.findPassword(tx, id)) !== hash) throw accountsErrors.proof_refused();
      await this.checking.relieve(tx, pressed);
      return this.sessions.run(tx, sessionId, 'password');
    });
  }
}
