import type { Operator } from '../../auth.contract.js';
import type { OperatorEntity } from '../../data/operator.entity.js';

/** An operator as it may be shown: without the hash of an invitation. */
export function operatorOf(row: OperatorEntity): Operator {
  const { id, name, role, status, accountId, invitedUntil, createdAt, updatedAt } = row;
  return { id, name, role, status, accountId, invitedUntil, createdAt, updatedAt };
}
