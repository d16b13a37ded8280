// The canaries as they were built: outside a test runner the sources cannot be run as they are.
const BUILT = new URL('../../dist/cli/canary/', import.meta.url);

type Run = typeof import('../../src/cli/canary/run-canary.ts');
type Report = typeof import('../../src/cli/canary/report.ts');

export async function builtIn(): Promise<Pick<Run, 'runCanary'> & Pick<Report, 'holds' | 'reportText'>> {
  const { runCanary } = (await import(new URL('run-canary.js', BUILT).href)) as Run;
  const { holds, reportText } = (await import(new URL('report.js', BUILT).href)) as Report;
  return { runCanary, holds, reportText };
}
