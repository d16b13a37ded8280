import { Injectable } from '@nestjs/common';
import { OutboxHandler, type OutboxEvent } from '../../../contracts/outbox.js';
import { assert } from '../../../kernel/assert.js';
import { isId, type OrganisationId } from '../../../kernel/ids.js';
import { UnitOfWork } from '../../../platform/database/unit-of-work.js';
import { Log } from '../../../platform/telemetry/logger.js';
import { AuditLog } from '../../audit/audit.contract.js';
import { Notices, OrganisationMail } from '../../notifications/notifications.contract.js';
import { BudgetsRepository } from '../data/budgets.repository.js';

/** Those who may do something about it: limits are theirs to change. */
const READERS = ['owner', 'admin', 'billing'] as const;
const DAY = /^\d{4}-\d\d-\d\d$/;

/** Where a crossed threshold is told. */
@Injectable()
export class BudgetAlerts {
  constructor(
    readonly audit: AuditLog,
    readonly notices: Notices,
    readonly mail: OrganisationMail,
    readonly log: Log,
  ) {}
}

/**
 * Tells that a budget has passed one of its alert percentages (U2), once in a period however often the event is delivered; one that comes
 * after a higher one has nothing new to say.
 */
@Injectable()
export class TellBudgetThresholdJob extends OutboxHandler {
  readonly topic = 'usage.budget_threshold_crossed';

  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly budgets: BudgetsRepository,
    private readonly alerts: BudgetAlerts,
  ) {
    super();
  }

  override async handle(payload: OutboxEvent['payload']): Promise<void> {
    const { audit, notices, mail, log } = this.alerts;
    const { budgetId, periodStart, percent } = payload;
    assert(
      isId(budgetId) && isId(payload['organisationId']) && typeof percent === 'number',
      'a crossed threshold names budget, organisation and percent',
    );
    assert(typeof periodStart === 'string' && DAY.test(periodStart), 'a crossed threshold names its period');
    const organisationId = payload['organisationId'] as OrganisationId;
    await this.unitOfWork.asSystem(async (tx) => {
      // A budget deleted meanwhile has no period left to tell about.
      if (!(await this.budgets.claimAlert(tx, budgetId, periodStart, percent))) return;
      await audit.record(tx, {
        actor: { kind: 'system', id: 'usage' },
        action: 'budget.threshold_crossed',
        organisationId,
        target: { type: 'budget', id: budgetId },
        detail: { percent, periodStart },
      });
      await notices.tellOrganisation(tx, organisationId, 'budget_threshold_crossed', { budgetId, percent, periodStart });
      await mail.send(tx, 'budget_threshold_crossed', { organisationId, roles: READERS }, { percent });
      log.warn('a budget has passed an alert threshold', { component: 'usage', organisationId, budgetId, count: percent });
    });
  }
}
