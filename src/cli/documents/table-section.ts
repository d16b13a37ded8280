import {
  columnClass,
  columnKind,
  type ErasureRule,
  exportedColumns,
  type ExportRule,
  isPersonal,
  type Locator,
  locatorsOf,
  type OwnerDeletion,
  processingOf,
  type RetentionRule,
  type TableDeclaration,
  type TenantPolicy,
} from '../../contracts/data-inventory.js';
import { LEGAL_BASES, PURPOSES } from '../../contracts/processing.js';

import { durationText, EXCEPTIONS, words } from './inventory-words.js';

/** One table: what it is for, whose it is, what becomes of it, and its columns. */
export function tableSection(declaration: TableDeclaration): string[] {
  const { table, description, tenantPolicy, columns, retention, erasure } = declaration;
  const { purpose, legalBasis } = processingOf(declaration);
  const exported = exportedColumns(declaration);
  const columnRow = (column: string): string => {
    const own = columnClass(declaration, column);
    const kind = words(columnKind(declaration, column) ?? '');
    const given = exported.get(column);
    return `| \`${column}\` | ${own === declaration.dataClass ? kind : `${kind}, ${words(own)}`} | ${given === undefined ? '' : `\`${given}\``} |`;
  };
  return [
    `## ${table}`,
    '',
    description,
    '',
    `- Purpose: ${PURPOSES[purpose]}`,
    `- Legal basis: ${isPersonal(declaration) ? LEGAL_BASES[legalBasis] : 'none needed: nothing here is about a person'}`,
    `- Found by: ${locatedText(declaration)}`,
    `- Seen by: ${tenantText(tenantPolicy)}`,
    `- Kept: ${retentionText(retention)}`,
    `- Export: ${exportText(declaration.export)}`,
    `- Erasure: ${erasureText(erasure)}`,
    '',
    '| column | holds | exported as |',
    '|---|---|---|',
    ...Object.keys(columns).map(columnRow),
    '',
  ];
}

const EXPORT = {
  not_personal: 'holds nothing about a person',
  secret_never_exported: 'never: it holds secrets',
} as const;

function exportText(rule: ExportRule): string {
  if (typeof rule === 'string') return EXPORT[rule];
  if ('withheld' in rule) return `not given out: ${rule.withheld}`;
  const without = Object.entries(rule.without ?? {}).map(([column, reason]) => `; without \`${column}\` (${reason})`);
  return `section \`${rule.section}\`${without.join('')}`;
}

const ERASURE = {
  delete: 'rows are deleted',
  expires: 'rows leave by themselves within their window',
  with_organisation: 'rows go with their organisation, and stay when a person leaves',
  not_personal: 'holds nothing about a person',
} as const;

function erasureText(rule: ErasureRule): string {
  if (typeof rule === 'string') return ERASURE[rule];
  if ('shredKeyIn' in rule) return `the key in \`${rule.shredKeyIn}\` is destroyed`;
  if ('keep' in rule) return `kept (${EXCEPTIONS[rule.keep]}): ${rule.reason}`;
  return `made anonymous: ${Object.entries(rule.anonymise)
    .map(([column, becomes]) => `\`${column}\` becomes ${becomes}`)
    .join(', ')}`;
}

const GOES: Record<OwnerDeletion, string> = {
  cascade: ', with which the database deletes it',
  first: ', which cannot go before it',
  after: ': whoever deletes that deletes it',
};

/** How long rows are kept. */
export function retentionText(rule: RetentionRule): string {
  switch (rule.kind) {
    case 'partition_by_expiry':
      return `${rule.within === undefined ? 'as long as the profile says for its class' : `at most ${durationText(rule.within)}`}; with the day in \`${rule.column}\` its partition is dropped`;
    case 'window':
      return `as long as the profile says for its class, counted from \`${rule.from}\``;
    case 'subject':
      return 'as long as its subject is here';
    case 'with_owner':
      return `as long as its ${words(rule.owner)}${GOES[rule.goes]} (\`${rule.column}\`)`;
    case 'transient':
      return `until it is used up; ${durationText(rule.within)} after \`${rule.from}\` at the latest`;
    case 'unused':
      return 'never holds anything';
    case 'installation':
      return `as long as the installation: ${rule.reason}`;
  }
}

function locatedText(declaration: TableDeclaration): string {
  const { located, subject } = declaration;
  if (located !== undefined && 'nowhere' in located) return `nothing: ${located.nowhere}`;
  const ways = locatorsOf(declaration).map((way) => wayText(way, subject));
  return ways.length === 0 ? 'nothing: it is about nobody' : ways.join('; ');
}

function wayText({ subject, column, by, via, where, erasure }: Locator, usual: string): string {
  const holds = {
    id: `the id of the ${words(subject ?? usual)}`,
    email: 'the e-mail address',
    email_hash: 'the keyed hash of the e-mail address',
    name_hash: `the keyed hash of the name of the ${words(subject ?? usual)}`,
  };
  const to = subject === undefined ? '' : ` to the ${words(subject)}`;
  const leads = via === undefined ? holds[by ?? 'id'] : `leads through \`${via}\`${to}`;
  const erased =
    erasure === undefined ? '' : { unlink: ', which erasure empties', expires: ', which erasure leaves to its window' }[erasure];
  return `\`${column}\`, ${leads}${where === undefined ? '' : `, where \`${where.column}\` is \`${where.is}\``}${erased}`;
}

function tenantText(policy: TenantPolicy): string {
  return policy.kind === 'system_only' ? 'Lethe itself only' : `the organisation in \`${policy.column}\`, enforced by row-level security`;
}
