import { Injectable } from '@nestjs/common';
import { Clock, DAY_MS } from '../../../../kernel/clock.js';
import type { AccountId, OperatorId } from '../../../../kernel/ids.js';
import { hashSecret, isSecretShaped, newSecret } from '../../../../kernel/secrets.js';
import type { Tx } from '../../../../platform/database/unit-of-work.js';
import { type AuditActor, AuditLog } from '../../../audit/audit.contract.js';
import type { Operator } from '../../auth.contract.js';
import { authErrors } from '../../auth.errors.js';
import type { OperatorEntity } from '../../data/operator.entity.js';
import { OperatorsRepository } from '../../data/operators.repository.js';
import { operatorOf } from './operator-view.js';
import { StandDown } from './stand-down.js';

/** How long an invitation waits. */
const INVITATION_DAYS = 3;

/**
 * Links a member of staff to the account they sign in with. The person shows the invitation while signed in, so that an address somebody typed
 * wrongly, or an account somebody else controls, does not become staff by another's act alone.
 */
@Injectable()
export class InviteOperator {
  constructor(
    private readonly operators: OperatorsRepository,
    private readonly standDown: StandDown,
    private readonly audit: AuditLog,
    private readonly clock: Clock,
  ) {}

  /**
   * A new invitation in place of the one before, shown once and kept as its hash. Raises `auth/operator_not_found`, `auth/operator_disabled` and
   * `auth/operator_linked`.
   */
  async invite(tx: Tx, id: OperatorId, actor: AuditActor): Promise<{ readonly invitation: string; readonly expiresAt: Date }> {
    const operator = await this.require(tx, id);
    if (operator.status !== 'active') throw authErrors.operator_disabled();
    if (operator.accountId !== null) throw authErrors.operator_linked();
    const invitation = newSecret();
    const expiresAt = new Date(this.clock.nowMs() + INVITATION_DAYS * DAY_MS);
    await this.operators.update(tx, id, { invitationHash: hashSecret(invitation), invitedUntil: expiresAt, updatedAt: this.clock.now() });
    await this.record(tx, 'operator.invited', id, actor);
    return { invitation, expiresAt };
  }

  /** The account becomes the operator's. Raises `auth/invitation_not_valid` and `auth/account_is_staff`. */
  async accept(tx: Tx, invitation: string, accountId: AccountId): Promise<Operator> {
    if (!isSecretShaped(invitation)) throw authErrors.invitation_not_valid();
    await this.operators.lockAll(tx);
    const operator = await this.operators.findInvited(tx, hashSecret(invitation));
    const isOpen = operator?.status === 'active' && operator.invitedUntil !== null && operator.invitedUntil > this.clock.now();
    if (operator === null || !isOpen) throw authErrors.invitation_not_valid();
    if ((await this.operators.findByAccount(tx, accountId)) !== null) throw authErrors.account_is_staff();
    const linked = { accountId, invitationHash: null, invitedUntil: null, updatedAt: this.clock.now() };
    await this.operators.update(tx, operator.id, linked);
    await this.record(tx, 'operator.linked', operator.id, { kind: 'account', id: accountId });
    return { ...operatorOf(operator), accountId, invitedUntil: null, updatedAt: linked.updatedAt };
  }

  /** Takes the account away again, and an invitation; without either it changes nothing. Raises `auth/operator_not_found`. */
  async unlink(tx: Tx, id: OperatorId, actor: AuditActor): Promise<void> {
    const operator = await this.require(tx, id);
    if (operator.accountId === null && operator.invitationHash === null) return;
    await this.operators.update(tx, id, { accountId: null, invitationHash: null, invitedUntil: null, updatedAt: this.clock.now() });
    await this.record(tx, 'operator.unlinked', id, actor);
    await this.standDown.run(tx, id, actor);
  }

  private async require(tx: Tx, id: OperatorId): Promise<OperatorEntity> {
    await this.operators.lockAll(tx);
    const operator = await this.operators.find(tx, id);
    if (operator === null) throw authErrors.operator_not_found();
    return operator;
  }

  private async record(tx: Tx, action: `operator.${string}`, id: OperatorId, actor: AuditActor): Promise<void> {
    await this.audit.record(tx, { actor, action, organisationId: null, target: { type: 'operator', id } });
  }
}
