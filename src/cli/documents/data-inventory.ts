import type { ErasureRule, ExportRule, RetentionRule, TableDeclaration, TenantPolicy } from '../../contracts/data-inventory.js';

/** `docs/data-inventory.md`: every table Lethe has, what it holds about whom, and how it is let go of (D1). */
export function dataInventoryDocument(tables: readonly TableDeclaration[]): string {
  const overview = tables.map(
    ({ table, dataClass, subject, retention }) =>
      `| [\`${table}\`](#${table.replaceAll('.', '')}) | ${words(dataClass)} | ${words(subject)} | ${retentionText(retention)} |`,
  );
  return [
    '# Data inventory',
    '',
    'Generated from the declarations that stand beside the entities; do not edit. A table or column that none covers fails the build (D1).',
    '',
    '| table | data class | about whom | kept |',
    '|---|---|---|---|',
    ...overview,
    '',
    ...tables.flatMap(section),
  ].join('\n');
}

function section({ table, description, tenantPolicy, columns, ...declared }: TableDeclaration): string[] {
  return [
    `## ${table}`,
    '',
    description,
    '',
    `- Seen by: ${tenantText(tenantPolicy)}`,
    `- Kept: ${retentionText(declared.retention)}`,
    `- Export: ${EXPORT[declared.export]}`,
    `- Erasure: ${ERASURE[declared.erasure]}`,
    '',
    '| column | holds |',
    '|---|---|',
    ...Object.entries(columns).map(([column, kind]) => `| \`${column}\` | ${words(kind)} |`),
    '',
  ];
}

const EXPORT: Record<ExportRule, string> = {
  included: 'included',
  not_personal: 'holds nothing about a person',
  secret_never_exported: 'never: it holds secrets',
};

const ERASURE: Record<ErasureRule, string> = {
  delete: 'rows are deleted',
  anonymise: 'rows are made anonymous',
  expires: 'rows expire by themselves within their window',
  keep_configuration: 'rows stay: they configure the installation and tell nothing of a person',
  not_personal: 'holds nothing about a person',
};

function retentionText(rule: RetentionRule): string {
  switch (rule.kind) {
    case 'partition_by_expiry':
      return `until the day in \`${rule.column}\`; then its partition is dropped`;
    case 'with_owner':
      return `as long as its ${words(rule.owner)}`;
    case 'transient':
      return `until it is used up; at most ${durationText(rule.within)}`;
    case 'installation':
      return 'as long as the installation';
  }
}

/** ISO 8601 days as words; anything else says itself how long it is. */
function durationText(within: string): string {
  const [, days] = /^P(\d+)D$/.exec(within) ?? [];
  return days === undefined ? within : `${days} ${days === '1' ? 'day' : 'days'}`;
}

function tenantText(policy: TenantPolicy): string {
  return policy.kind === 'system_only' ? 'Lethe itself only' : `the organisation in \`${policy.column}\`, enforced by row-level security`;
}

function words(name: string): string {
  return name.replaceAll('_', ' ');
}
