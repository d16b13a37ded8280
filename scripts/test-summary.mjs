// Prints `N passed, N failed` from a vitest JSON report, for `.ci/run`. Fails when a test failed, a file did not load, no test
// ran, or there is no report. Plain JavaScript: it has to run on the machine's own Node, even where the install failed.
import { readFileSync } from 'node:fs';

function counts(path) {
  try {
    const report = JSON.parse(readFileSync(path, 'utf8'));
    // A file that does not load counts as one failure: none of its tests is in the report.
    const unloaded = report.testResults.filter((file) => file.status === 'failed' && file.assertionResults.length === 0).length;
    return { passed: report.numPassedTests, failed: report.numFailedTests + unloaded };
  } catch {
    return { passed: 0, failed: 0 };
  }
}

const { passed, failed } = counts(process.argv[2]);
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = passed > 0 && failed === 0 ? 0 : 1;
