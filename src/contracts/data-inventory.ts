import type { DataClass } from './data-classes.js';

/** What one column holds, seen from the person it may be about. */
export type ColumnKind =
  /** A technical key or reference: identifies a row, tells nothing by itself. */
  | 'identifier'
  /** Points at, or is about, a natural person. */
  | 'personal'
  /** Derived from a secret: hash or ciphertext. Never exported. */
  | 'secret'
  /** Written by a tenant about its own set-up: names, limits, models. */
  | 'tenant_data'
  /** Says nothing about anyone. */
  | 'technical';

/** How a table is let go of. */
export type RetentionRule =
  /** Partitioned by the day it expires on; a purge drops the partition (D2). */
  | { readonly kind: 'partition_by_expiry'; readonly column: string }
  /** Lives as long as the row it belongs to. */
  | { readonly kind: 'with_owner'; readonly owner: string }
  /** Gone as soon as it is used up; `within` is the longest it may live. */
  | { readonly kind: 'transient'; readonly within: string }
  /** Belongs to the installation, not to a person. */
  | { readonly kind: 'installation' };

/** How a row is let out to the person it is about (G3). */
export type ExportRule = 'included' | 'not_personal' | 'secret_never_exported';

/** What erasure does to a row (D3). */
export type ErasureRule = 'delete' | 'anonymise' | 'expires' | 'keep_configuration' | 'not_personal';

/** Who may see a row, as the database enforces it (A3). */
export type TenantPolicy = { readonly kind: 'row_level_security'; readonly column: string } | { readonly kind: 'system_only' };

/** What Lethe knows about one table: the one place retention, export, erasure and the record of processing are computed from (D1). */
export interface TableDeclaration {
  readonly table: string;
  readonly description: string;
  readonly dataClass: DataClass;
  /** Whose data it is. `account_holder`: a person who signs in; `end_user`: one whom an organisation's program calls for. */
  readonly subject: 'organisation' | 'operator_staff' | 'account_holder' | 'end_user' | 'none';
  readonly retention: RetentionRule;
  readonly export: ExportRule;
  readonly erasure: ErasureRule;
  readonly tenantPolicy: TenantPolicy;
  /** Database column name → what it holds. */
  readonly columns: Readonly<Record<string, ColumnKind>>;
}

const declarations = new Map<string, TableDeclaration>();

/** Declares a table that has no entity class, such as the ledger tables written by SQL functions. */
export function declareTable(declaration: TableDeclaration): TableDeclaration {
  declarations.set(declaration.table, declaration);
  return declaration;
}

/** Class decorator for an entity: the same as {@link declareTable}, standing where the columns are. */
export function DataInventory(declaration: TableDeclaration): ClassDecorator {
  return () => {
    declareTable(declaration);
  };
}

/** All tables declared by the code loaded so far, sorted by name. */
export function declaredTables(): TableDeclaration[] {
  return [...declarations.values()].sort((a, b) => (a.table < b.table ? -1 : 1));
}
