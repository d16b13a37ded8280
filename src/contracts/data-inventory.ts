import type { DataClass } from './data-classes.js';
import { type Processing, PROCESSING_OF } from './processing.js';

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

/** A column that is of another class than its table, and the column that says when it was written: its own window counts from there. */
export interface ClassedColumn {
  readonly holds: ColumnKind;
  readonly dataClass: DataClass;
  readonly since: string;
}

/** Where somebody was: address, place, device (`network_trace`), in a table about something else. `since`: the column that says when. */
export function networkTrace(since: string): ClassedColumn {
  return { holds: 'personal', dataClass: 'network_trace', since };
}

/** Whose data it is. `account_holder`: a person who signs in; `end_user`: one whom an organisation's program calls for. */
export type SubjectKind = 'organisation' | 'operator_staff' | 'account_holder' | 'end_user' | 'none';

/** How the rows of one subject are found. */
export interface Locator {
  /** Whom this way leads to, when it is not whom the table is about in the first place. */
  readonly subject?: SubjectKind;
  readonly column: string;
  /**
   * What the column holds of the subject, when it is not the id: `email_hash` is the keyed hash of the normalised address, `name_hash` that of what an
   * organisation calls its own end user.
   */
  readonly by?: 'email' | 'email_hash' | 'name_hash';
  /**
   * The table whose primary key the column holds, when the way to the subject leads through it: its own locator for that subject goes on from there. Of
   * one that expires by partition it is the `id`, which no foreign key can name.
   */
  readonly via?: string;
  /** Only rows of which this column has this value are about the subject. */
  readonly where?: { readonly column: string; readonly is: string };
  /**
   * What erasure of whom this way leads to does, when it is not what the table says. `unlink`: the column is emptied, and the row is about nobody but its
   * owner. `expires`: nothing; the row is gone within its window, and no way leads to it once the table it leads through is unlinked.
   */
  readonly erasure?: 'unlink' | 'expires';
}

/** One way to the subject's rows or several, or why there is none. Rows that nobody can find expire within days. */
export type Located = Locator | readonly Locator[] | { readonly nowhere: string };

/** How a table is let go of. Durations are ISO 8601, in days, hours and minutes (`P8D`, `PT25H`). */
export type RetentionRule =
  /**
   * Partitioned by the day it expires on; a purge drops the partition (D2). The window is that of the table's class, or, for what has a life of its
   * own, at most `within`.
   */
  | { readonly kind: 'partition_by_expiry'; readonly column: string; readonly within?: string }
  /** Not partitioned; its owner deletes rows once the window of their class is over, counted from the column `from`. */
  | { readonly kind: 'window'; readonly from: string }
  /** The subject itself: until the account, the organisation or the member of staff is gone. */
  | { readonly kind: 'subject' }
  /** As long as the row that the foreign key in `column` names. */
  | { readonly kind: 'with_owner'; readonly owner: string; readonly column: string; readonly goes: OwnerDeletion }
  /** Gone as soon as it is used up, and `within` of what the column `from` says at the latest. `from` may lie ahead, as an end that was set. */
  | { readonly kind: 'transient'; readonly from: string; readonly within: string }
  /** Made by a library for what Lethe does not use: always empty. */
  | { readonly kind: 'unused' }
  /** Belongs to the installation, not to a person; why it has no end. */
  | { readonly kind: 'installation'; readonly reason: string };

/**
 * Why no row outlives its owner. `cascade`: the database deletes it along; `first`: the database does not let go of the owner before; `after`: the
 * code that deletes the owner deletes it, because a foreign key would cost more than it is worth.
 */
export type OwnerDeletion = 'cascade' | 'first' | 'after';

/**
 * What a person gets of their rows (G3). A section holds every column but secrets and those in `without`, under its name in camel case or the one
 * in `names`.
 */
export type ExportRule = ExportSection | 'not_personal' | 'secret_never_exported' | { readonly withheld: string };

export interface ExportSection {
  readonly section: string;
  readonly names?: Readonly<Record<string, string>>;
  /** Column → why it is not given out: it is about somebody else, or says nothing outside Lethe. */
  readonly without?: Readonly<Record<string, string>>;
}

/** What erasure does to a subject's rows (D3). */
export type ErasureRule =
  | 'delete'
  /** Nothing: the rows are gone within their window, which is shorter than what the law allows for erasure. */
  | 'expires'
  /** Set-up of an organisation: goes when the organisation goes, and stays when a person does. */
  | 'with_organisation'
  | 'not_personal'
  /** The row stays and tells nothing of anyone: what becomes of each column that did. */
  | { readonly anonymise: Readonly<Record<string, 'null' | 'empty' | 'pseudonym'>> }
  /** The key in `shredKeyIn` is destroyed, and what it sealed is noise in every store and backup. */
  | { readonly shredKeyIn: string }
  /** Kept until its retention rule takes it, by this exception of Art. 17(3) GDPR. */
  | { readonly keep: ErasureException; readonly reason: string };

/** Exceptions to the right to erasure: Art. 17(3) GDPR, letters (b) and (e). */
export type ErasureException = 'legal_obligation' | 'legal_claims';

/** Who may see a row, as the database enforces it (A3). */
export type TenantPolicy = { readonly kind: 'row_level_security'; readonly column: string } | { readonly kind: 'system_only' };

/**
 * What Lethe knows about one table: the one place retention, export, erasure and the record of processing are computed from (D1). Purpose and legal
 * basis are those of its class (`PROCESSING_OF`) unless said here.
 */
export interface TableDeclaration extends Partial<Processing> {
  readonly table: string;
  readonly description: string;
  readonly dataClass: DataClass;
  readonly subject: SubjectKind;
  /** Left out when there is no subject, and for an organisation's rows that row-level security finds already. */
  readonly located?: Located;
  readonly retention: RetentionRule;
  readonly export: ExportRule;
  readonly erasure: ErasureRule;
  readonly tenantPolicy: TenantPolicy;
  /** Database column name → what it holds. */
  readonly columns: Readonly<Record<string, ColumnKind | ClassedColumn>>;
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

/** Why the table is processed and by what right. */
export function processingOf({ dataClass, purpose, legalBasis }: Partial<Processing> & { readonly dataClass: DataClass }): Processing {
  const usual = PROCESSING_OF[dataClass];
  return { purpose: purpose ?? usual.purpose, legalBasis: legalBasis ?? usual.legalBasis };
}

/** The ways to a subject's rows; none when the table is about nobody, or nobody can find them. */
export function locatorsOf({ subject, located, tenantPolicy }: TableDeclaration): readonly Locator[] {
  if (located === undefined) {
    return subject === 'organisation' && tenantPolicy.kind === 'row_level_security' ? [{ column: tenantPolicy.column }] : [];
  }
  if ('nowhere' in located) return [];
  return 'column' in located ? [located] : located;
}

/** The class of one column: its own, or its table's. */
export function columnClass(declaration: TableDeclaration, column: string): DataClass {
  const declared = declaration.columns[column];
  return typeof declared === 'object' ? declared.dataClass : declaration.dataClass;
}

/** What one column holds; undefined for a column the table does not declare. */
export function columnKind({ columns }: TableDeclaration, column: string): ColumnKind | undefined {
  const declared = columns[column];
  return typeof declared === 'object' ? declared.holds : declared;
}

/** Whether any column is about a natural person. */
export function isPersonal(declaration: TableDeclaration): boolean {
  return Object.keys(declaration.columns).some((column) => columnKind(declaration, column) === 'personal');
}

/** Column → public name, of what a person is given of this table; empty when nothing is (G3). */
export function exportedColumns(declaration: TableDeclaration): ReadonlyMap<string, string> {
  const rule = declaration.export;
  if (typeof rule === 'string' || !('section' in rule)) return new Map();
  const given = Object.keys(declaration.columns).filter(
    (column) => columnKind(declaration, column) !== 'secret' && rule.without?.[column] === undefined,
  );
  return new Map(given.map((column) => [column, rule.names?.[column] ?? camelCase(column)]));
}

function camelCase(column: string): string {
  return column.replace(/_([a-z0-9])/g, (_, first: string) => first.toUpperCase());
}
