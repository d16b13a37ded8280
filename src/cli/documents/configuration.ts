import type { SettingDeclaration } from '../../platform/config/setting.js';

/** `docs/configuration.md`: every setting, by section. `defaults` is a fresh `Settings`. */
export function configurationDocument(declarations: readonly SettingDeclaration[], defaults: object): string {
  const values = defaults as Readonly<Record<string, unknown>>;
  const sections = [...Map.groupBy(declarations, ({ section }) => section)].flatMap(([section, declared]) => [
    `## ${section}`,
    '',
    '| variable | type | default | meaning |',
    '|---|---|---|---|',
    ...declared.map((setting) => row(setting, values[setting.property])),
    '',
  ]);
  return [
    '# Configuration',
    '',
    'Generated from `src/platform/config/settings.ts`; do not edit. Every setting is an environment variable, read once at the start and',
    'validated as a whole: a wrong value, or a `LETHE_…` variable that is none of these, stops the start with a sentence that names it.',
    '`npx lethe doctor` checks that what they name works.',
    '',
    'A setting marked *secret* can be given as a file instead: `DATABASE_URL_FILE=/run/secrets/database_url`.',
    '',
    ...sections,
  ].join('\n');
}

function row({ env, kind, description, defaultText, secret }: SettingDeclaration, value: unknown): string {
  return `| \`${env}\` | ${secret ? `${kind}, *secret*` : kind} | ${defaultText ?? defaultOf(value)} | ${cell(description)} |`;
}

function defaultOf(value: unknown): string {
  if (value === undefined || (Array.isArray(value) && value.length === 0)) return '–';
  return `\`${Array.isArray(value) ? value.join(',') : JSON.stringify(value).replaceAll('"', '')}\``;
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|');
}
