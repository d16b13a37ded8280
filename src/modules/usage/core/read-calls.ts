import { Injectable } from '@nestjs/common';
import type { CallId } from '../../../kernel/ids.js';
import { UnitOfWork } from '../../../platform/database/unit-of-work.js';
import { type CallPage, CallsRepository } from '../data/calls.repository.js';
import { inScope } from '../data/in-scope.js';
import type { CallFilter, CallScope } from '../usage-analytics.contract.js';
import { usageErrors } from '../usage.errors.js';
import { type CallView, callView } from './call-view.js';

/** Shows the ledger, calls in flight included. */
@Injectable()
export class ReadCalls {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly calls: CallsRepository,
  ) {}

  /** Newest first. */
  async list(scope: CallScope, filter: CallFilter, page: CallPage): Promise<CallView[]> {
    const rows = await inScope(this.unitOfWork, scope, (tx) => this.calls.list(tx, scope, filter, page));
    return rows.map(callView);
  }

  /** Raises `usage/call_not_found`, also for a call outside the scope. */
  async get(scope: CallScope, id: CallId): Promise<CallView> {
    const row = await inScope(this.unitOfWork, scope, (tx) => this.calls.find(tx, scope, id));
    if (!row) throw usageErrors.call_not_found();
    return callView(row);
  }
}
