import { processingOf } from '../../contracts/data-inventory.js';
import { LEGAL_BASES, PURPOSES } from '../../contracts/processing.js';
import type { StoreDeclaration, StoreErasure, StorePlace, StoreRetention } from '../../contracts/store-inventory.js';
import { durationText, EXCEPTIONS, words } from './inventory-words.js';

/** One store that is no table: where it is, whose data it holds and what becomes of it. */
export function storeSection(declaration: StoreDeclaration): string[] {
  const { store, description, place, settings = [], dataClasses, located, holds } = declaration;
  const [foremost] = dataClasses;
  const { purpose, legalBasis } = processingOf({ ...declaration, dataClass: foremost });
  const personal = Object.values(holds).includes('personal');
  return [
    `## ${store}`,
    '',
    description,
    '',
    `- Where: ${placeText(place)}${settings.length === 0 ? '' : ` (${settings.map((name) => `\`${name}\``).join(', ')})`}`,
    `- Purpose: ${PURPOSES[purpose]}`,
    `- Legal basis: ${personal ? LEGAL_BASES[legalBasis] : 'none needed: nothing here is about a person'}`,
    `- Found: ${located ?? 'not at all: it is about nobody'}`,
    `- Kept: ${storeRetentionText(declaration.retention)}`,
    `- Export: ${exportText(declaration.export)}`,
    `- Erasure: ${erasureText(declaration.erasure)}`,
    `- Holds: ${Object.entries(holds)
      .map(([name, kind]) => `\`${name}\` (${words(kind)})`)
      .join(', ')}`,
    '',
  ];
}

/** Where a store is. */
export function placeText(place: StorePlace): string {
  switch (place.kind) {
    case 'redis':
      return `keys of Redis that begin with \`${place.prefix}\``;
    case 'blob':
      return `objects of the blob store under \`${place.prefix}/\``;
    case 'files':
      return `\`${place.path}\` in the data folder`;
    case 'server':
      return `kept by ${place.product} itself`;
    case 'telemetry':
      return place.to;
    case 'outside':
      return place.recipient;
  }
}

/** How long entries are kept. */
export function storeRetentionText(rule: StoreRetention): string {
  switch (rule.kind) {
    case 'transient':
      return `at most ${durationText(rule.within)}`;
    case 'window':
      return 'as long as the profile says for its class';
    case 'follows':
      return `as long as ${rule.what}`;
    case 'operator':
      return `by the operator: ${rule.advice}`;
    case 'recipient':
      return `by its recipient: ${rule.terms}`;
    case 'installation':
      return `as long as the installation: ${rule.reason}`;
  }
}

function exportText(rule: StoreDeclaration['export']): string {
  if (rule === 'not_personal') return 'holds nothing about a person';
  if (rule === 'elsewhere') return 'what is here stands in a table too, and is given out from there';
  return 'section' in rule ? `section \`${rule.section}\`` : `not given out: ${rule.withheld}`;
}

const ERASURE = {
  delete: 'entries are deleted',
  expires: 'entries are gone within their time',
  follows: 'goes with what it was made from',
  not_personal: 'holds nothing about a person',
} as const;

function erasureText(rule: StoreErasure): string {
  if (typeof rule === 'string') return ERASURE[rule];
  if ('shredKeyIn' in rule) return `the key in \`${rule.shredKeyIn}\` is destroyed`;
  return 'ask' in rule ? `asked of the recipient: ${rule.ask}` : `kept (${EXCEPTIONS[rule.keep]}): ${rule.reason}`;
}
