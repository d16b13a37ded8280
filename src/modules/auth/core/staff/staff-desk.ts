import { Injectable } from '@nestjs/common';
import { AddOperator } from './add-operator.js';
import { ChangeOperator } from './change-operator.js';
import { InviteOperator } from './invite-operator.js';
import { OperatorTokens } from './operator-tokens.js';

/** All that can be done about staff, each in the caller's transaction. */
@Injectable()
export class StaffDesk {
  constructor(
    readonly additions: AddOperator,
    readonly changes: ChangeOperator,
    readonly invitations: InviteOperator,
    readonly tokens: OperatorTokens,
  ) {}
}
