import { Injectable } from '@nestjs/common';
import type { OrganisationId } from '../../../kernel/ids.js';
import { UnitOfWork } from '../../../platform/database/unit-of-work.js';
import { type CallSpan, CallsRepository } from '../data/calls.repository.js';
import { inScope } from '../data/in-scope.js';
import type { CallScope } from '../usage-analytics.contract.js';
import { type EndUserId, EndUsers } from '../usage.contract.js';

/** A data subject of an organisation: who they are only it can say. */
export interface EndUserView extends CallSpan {
  readonly id: EndUserId;
}

/** Finds what the ledger has of one of an organisation's own end users, by the name its program calls them by. */
@Injectable()
export class FindEndUser {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly endUsers: EndUsers,
    private readonly calls: CallsRepository,
  ) {}

  /** Of somebody no call was made for: their id and no calls. Raises `usage/end_users_not_ready`. */
  async run(scope: CallScope & { readonly organisationId: OrganisationId }, name: string): Promise<EndUserView> {
    const id = this.endUsers.idOf(scope.organisationId, name);
    const span = await inScope(this.unitOfWork, scope, (tx) => this.calls.span(tx, scope, { endUserId: id }));
    return { id, ...span };
  }
}
