/** One error of a catalogue, as `declaredErrors()` lists it. */
interface DeclaredError {
  readonly code: string;
  readonly status: number;
  readonly message: string;
}

/** `docs/errors.md`: every error of every catalogue, by module. */
export function errorsDocument(errors: readonly DeclaredError[]): string {
  const modules = Map.groupBy(errors, (error) => error.code.split('/')[0] ?? '');
  const sections = [...modules].flatMap(([module, declared]) => [
    `## ${module}`,
    '',
    '| code | status | meaning |',
    '|---|---|---|',
    ...declared.map((error) => `| \`${error.code}\` | ${error.status} | ${error.message.replaceAll('|', '\\|')} |`),
    '',
  ]);
  return [
    '# Errors',
    '',
    'Generated from the error catalogues; do not edit. The control plane answers with `application/problem+json` (RFC 9457):',
    '`code` is what a program switches on, `type` is the same as a URN, and `requestId` finds the request in the log.',
    '',
    ...sections,
  ].join('\n');
}
