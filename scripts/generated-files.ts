/** What is computed from the code, committed, and compared by `npm run check`. Edit the code, then `npm run generate`. */
export const GENERATED = [
  'openapi.json',
  'docs/permissions.md',
  'docs/errors.md',
  'docs/data-inventory.md',
  'docs/data-inventory.json',
  'docs/data-inventory.schema.json',
  'docs/configuration.md',
] as const;

/** The program that writes them, as arguments for Node; `--out <folder>` says where to. */
export const generator = ['dist/cli/main.js', 'generate'] as const;

/** Files whose committed text is absent or differs from the freshly generated one. */
export function staleFiles(read: (path: string) => string | undefined, fresh: (path: string) => string | undefined): string[] {
  return GENERATED.filter((path) => fresh(path) === undefined || read(path) !== fresh(path));
}
