import { WINDOWED_CLASSES } from '../../contracts/data-classes.js';
import {
  columnClass,
  columnKind,
  exportedColumns,
  isPersonal,
  locatorsOf,
  processingOf,
  type TableDeclaration,
} from '../../contracts/data-inventory.js';
import { LEGAL_BASES, PURPOSES } from '../../contracts/processing.js';
import type { StoreDeclaration } from '../../contracts/store-inventory.js';

/**
 * `docs/data-inventory.json`: the same as the page, for programs. What a declaration leaves to its class or its table is filled in, and every rule
 * has its `kind`; `data-inventory.schema.json` says what may be in it.
 */
export function dataInventoryJson(tables: readonly TableDeclaration[], stores: readonly StoreDeclaration[]): string {
  const inventory = {
    windowedClasses: WINDOWED_CLASSES,
    purposes: PURPOSES,
    legalBases: LEGAL_BASES,
    tables: tables.map(tableEntry),
    stores: stores.map(storeEntry),
  };
  return `${JSON.stringify(inventory, null, 2)}\n`;
}

function tableEntry(declaration: TableDeclaration): object {
  const { table, description, dataClass, subject, located, retention, erasure, tenantPolicy, columns } = declaration;
  const exported = exportedColumns(declaration);
  return {
    table,
    description,
    dataClass,
    ...processing(declaration, isPersonal(declaration)),
    subject,
    located: {
      ways: locatorsOf(declaration).map((way) => ({ subject, by: 'id', ...way })),
      ...(located !== undefined && 'nowhere' in located ? { nowhere: located.nowhere } : {}),
    },
    retention,
    export: tagged(declaration.export),
    erasure: tagged(erasure),
    tenantPolicy,
    columns: Object.entries(columns).map(([name, declared]) => ({
      name,
      holds: columnKind(declaration, name),
      dataClass: columnClass(declaration, name),
      ...(typeof declared === 'object' ? { since: declared.since } : {}),
      exportedAs: exported.get(name) ?? null,
    })),
  };
}

function storeEntry(declaration: StoreDeclaration): object {
  const { store, description, place, settings = [], dataClasses, subject, located, retention, erasure, holds } = declaration;
  return {
    store,
    description,
    place,
    settings,
    dataClasses,
    ...processing({ ...declaration, dataClass: dataClasses[0] }, Object.values(holds).includes('personal')),
    subject,
    located: located ?? null,
    retention,
    export: tagged(declaration.export),
    erasure: tagged(erasure),
    holds: Object.entries(holds).map(([name, kind]) => ({ name, holds: kind })),
  };
}

/** The legal basis of what is about nobody is null: the law asks for none. */
function processing(declaration: Parameters<typeof processingOf>[0], personal: boolean): object {
  const { purpose, legalBasis } = processingOf(declaration);
  return { purpose, legalBasis: personal ? legalBasis : null };
}

/** The field that says which rule it is, of rules that are more than a word. */
const NAMING_FIELDS = ['section', 'withheld', 'anonymise', 'shredKeyIn', 'keep', 'ask'] as const;

/** A rule that is a word, or one with fields, in one shape: `{ kind, … }`. */
function tagged(rule: string | object): object {
  return typeof rule === 'string' ? { kind: rule } : { kind: NAMING_FIELDS.find((field) => field in rule), ...rule };
}
