/** What `npm audit --json` says, as far as it is read here. */
interface AuditReport {
  readonly message?: string;
  readonly vulnerabilities?: Readonly<
    Record<string, { readonly severity: string; readonly via: readonly (string | { readonly title: string })[] }>
  >;
}

export type AuditVerdict =
  /** The registry did not answer: nothing is known, and nothing is said to be fine. */
  { readonly kind: 'not_asked'; readonly why: string } | { readonly kind: 'answered'; readonly refused: readonly string[] };

const REFUSED = new Set(['high', 'critical']);

/** Which packages that ship have a known hole of severity high or critical (S3), one line each. */
export function auditVerdict(output: string): AuditVerdict {
  const report = parsed(output);
  if (report?.vulnerabilities === undefined) return { kind: 'not_asked', why: report?.message ?? 'npm gave no report' };
  const refused = Object.entries(report.vulnerabilities)
    .filter(([, { severity }]) => REFUSED.has(severity))
    .map(
      ([name, { severity, via }]) =>
        `${name}: ${severity}: ${via.map((each) => (typeof each === 'string' ? `through ${each}` : each.title)).join('; ')}`,
    );
  return { kind: 'answered', refused: refused.sort() };
}

function parsed(output: string): AuditReport | undefined {
  try {
    return JSON.parse(output) as AuditReport;
  } catch {
    return undefined;
  }
}
