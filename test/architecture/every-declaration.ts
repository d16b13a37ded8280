declare global {
  // Vite's, which runs the specs.
  interface ImportMeta {
    glob(patterns: readonly string[]): Record<string, () => Promise<unknown>>;
  }
}

/** Loads every declaration there is: beside an entity, or in a file of its own; the platform's are made by `app/`. */
export async function everyDeclaration(): Promise<void> {
  const files = import.meta.glob(['../../src/**/*.entity.ts', '../../src/**/*.inventory.ts']);
  await Promise.all(Object.values(files).map((load) => load()));
}
