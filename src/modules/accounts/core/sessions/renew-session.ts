import { Injectable } from '@nestjs/common';
import { Clock } from '../../../../kernel/clock.js';
import type { SessionId } from '../../../../kernel/ids.js';
import { hashSecret, newSecret } from '../../../../kernel/secrets.js';
import type { Tx } from '../../../../platform/database/unit-of-work.js';
import { AuditLog } from '../../../audit/audit.contract.js';
import type { OpenedSession } from '../../accounts.contract.js';
import { accountsErrors } from '../../accounts.errors.js';
import { SessionsRepository } from '../../data/sessions.repository.js';
import { csrfTokenOf } from '../csrf-token.js';
import { SessionRules } from './session-rules.js';

/** What was proven in a session after it had begun. `second_factor` also finishes signing in. */
export type LaterProof = 'password' | 'email_link' | 'second_factor';

/**
 * Notes a fresh proof in a session and gives it a new token, so that one that leaked before is worth nothing now. The absolute limit stays.
 * Whoever shows a second factor comes through here as well.
 */
@Injectable()
export class RenewSession {
  constructor(
    private readonly sessions: SessionsRepository,
    private readonly rules: SessionRules,
    private readonly audit: AuditLog,
    private readonly clock: Clock,
  ) {}

  /** In the caller's transaction, with its audit row. Raises `accounts/session_ended`. */
  async run(tx: Tx, id: SessionId, proof: LaterProof): Promise<OpenedSession> {
    const session = await this.sessions.lock(tx, id);
    if (session === null || !this.rules.isAlive(session)) throw accountsErrors.session_ended();
    const now = this.clock.now();
    const sessionToken = newSecret();
    const secondFactorAt = proof === 'second_factor' ? now : session.secondFactorAt;
    await this.sessions.update(tx, id, { tokenHash: hashSecret(sessionToken), secondFactorAt, provenAt: now, lastSeenAt: now });
    await this.audit.record(tx, {
      actor: { kind: 'account', id: session.accountId },
      action: 'session.proven',
      organisationId: null,
      target: { type: 'session', id },
      detail: { proof },
    });
    return {
      accountId: session.accountId,
      sessionId: id,
      state: await this.rules.stateOf(tx, { accountId: session.accountId, secondFactorAt }),
      sessionToken,
      csrfToken: csrfTokenOf(sessionToken),
      expiresAt: session.expiresAt,
    };
  }
}
