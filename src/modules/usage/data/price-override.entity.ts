import { Column, Entity, PrimaryColumn } from 'typeorm';
import { DataInventory } from '../../../contracts/data-inventory.js';
import type { Id } from '../../../kernel/ids.js';

export type PriceOverrideId = Id<'price_override'>;

/** A price the operator sets over the catalogue. Amounts in US dollars, as Postgres writes them. */
@DataInventory({
  table: 'price_override',
  description: 'Model prices the operator sets over the catalogue.',
  dataClass: 'configuration',
  subject: 'none',
  retention: { kind: 'installation', reason: 'prices the operator set' },
  export: 'not_personal',
  erasure: 'not_personal',
  tenantPolicy: { kind: 'system_only' },
  columns: {
    id: 'identifier',
    provider: 'technical',
    model: 'technical',
    input_per_million: 'technical',
    cached_input_per_million: 'technical',
    output_per_million: 'technical',
    per_request: 'technical',
    created_at: 'technical',
    updated_at: 'technical',
  },
})
@Entity('price_override')
export class PriceOverrideEntity {
  @PrimaryColumn({ type: 'uuid' })
  id: PriceOverrideId;

  /** Null: any provider. */
  @Column({ type: 'text', nullable: true })
  provider: string | null;

  @Column({ type: 'text' })
  model: string;

  @Column({ name: 'input_per_million', type: 'numeric', precision: 20, scale: 6 })
  inputPerMillion: string;

  /** Null: cached input costs what other input costs. */
  @Column({ name: 'cached_input_per_million', type: 'numeric', precision: 20, scale: 6, nullable: true })
  cachedInputPerMillion: string | null;

  @Column({ name: 'output_per_million', type: 'numeric', precision: 20, scale: 6 })
  outputPerMillion: string;

  @Column({ name: 'per_request', type: 'numeric', precision: 20, scale: 12 })
  perRequest: string;

  @Column({ name: 'created_at', type: 'timestamptz' })
  createdAt: Date;

  @Column({ name: 'updated_at', type: 'timestamptz' })
  updatedAt: Date;
}
