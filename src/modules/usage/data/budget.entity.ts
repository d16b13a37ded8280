import { Column, Entity, PrimaryColumn } from 'typeorm';
import { DataInventory } from '../../../contracts/data-inventory.js';
import type { BudgetId, OrganisationId } from '../../../kernel/ids.js';
import type { BudgetPeriod, LimitScope } from '../core/limit-book.js';

/** What an organisation, a project or a key may spend in a period (U2). Which of them and which period stay for life. */
@DataInventory({
  table: 'budget',
  description: 'Spending limits of organisations, projects and keys.',
  dataClass: 'configuration',
  subject: 'organisation',
  retention: { kind: 'with_owner', owner: 'organisation', column: 'organisation_id', goes: 'first' },
  export: { section: 'budgets' },
  erasure: 'with_organisation',
  tenantPolicy: { kind: 'row_level_security', column: 'organisation_id' },
  columns: {
    id: 'identifier',
    organisation_id: 'identifier',
    scope: 'technical',
    scope_id: 'identifier',
    kind: 'technical',
    period: 'technical',
    limit_amount: 'tenant_data',
    alert_percents: 'tenant_data',
    created_at: 'technical',
    updated_at: 'technical',
  },
})
@Entity('budget')
export class BudgetEntity {
  @PrimaryColumn({ type: 'uuid' })
  id: BudgetId;

  @Column({ name: 'organisation_id', type: 'uuid' })
  organisationId: OrganisationId;

  @Column({ type: 'text' })
  scope: LimitScope;

  @Column({ name: 'scope_id', type: 'uuid' })
  scopeId: string;

  @Column({ type: 'text' })
  kind: 'hard' | 'soft';

  @Column({ type: 'text' })
  period: BudgetPeriod;

  /** US dollars, as Postgres writes them: with all twelve decimals. */
  @Column({ name: 'limit_amount', type: 'numeric', precision: 30, scale: 12 })
  limitAmount: string;

  @Column({ name: 'alert_percents', type: 'integer', array: true })
  alertPercents: number[];

  @Column({ name: 'created_at', type: 'timestamptz' })
  createdAt: Date;

  @Column({ name: 'updated_at', type: 'timestamptz' })
  updatedAt: Date;
}
