import type { TableDeclaration } from '../../contracts/data-inventory.js';
import type { StoreDeclaration } from '../../contracts/store-inventory.js';
import { words } from './inventory-words.js';
import { placeText, storeRetentionText, storeSection } from './store-section.js';
import { retentionText, tableSection } from './table-section.js';

/** `docs/data-inventory.md`: every place Lethe keeps something in, what it holds about whom, why, and how it is let go of (D1). */
export function dataInventoryDocument(tables: readonly TableDeclaration[], stores: readonly StoreDeclaration[]): string {
  const tableRows = tables.map(
    ({ table, dataClass, subject, retention }) =>
      `| [\`${table}\`](#${anchor(table)}) | ${words(dataClass)} | ${words(subject)} | ${retentionText(retention)} |`,
  );
  const storeRows = stores.map(
    ({ store, place, subject, retention }) =>
      `| [\`${store}\`](#${anchor(store)}) | ${placeText(place)} | ${words(subject)} | ${storeRetentionText(retention)} |`,
  );
  return [
    '# Data inventory',
    '',
    'Generated from the declarations that stand beside the code that writes; do not edit. A table, column, key prefix or label that none covers',
    'fails the build (D1). The same for programs: [data-inventory.json](data-inventory.json), and what may be in it:',
    '[data-inventory.schema.json](data-inventory.schema.json).',
    '',
    '| table | data class | about whom | kept |',
    '|---|---|---|---|',
    ...tableRows,
    '',
    '| store | where | about whom | kept |',
    '|---|---|---|---|',
    ...storeRows,
    '',
    ...tables.flatMap(tableSection),
    ...stores.flatMap(storeSection),
  ].join('\n');
}

function anchor(heading: string): string {
  return heading.replaceAll('.', '');
}
