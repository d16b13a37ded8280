import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** What takes longest, longest first: begun last, one of them would keep one core busy while the other has nothing to do. */
const LONGEST = ['canary.', 'faults.', 'backups.', 'cli.', 'accounts.', 'federation.', 'gateway.'].map((name) => `/test/e2e/${name}`);

/** The order of a run that knows nothing of runs before it, such as one from a clean clone; vitest's own would begin with the longest files. */
export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    return sorted.sort((a, b) => place(a) - place(b));
  }
}

/** Specs that share a process stand side by side: those that do not come before or after them. */
function place({ moduleId, project }: TestSpecification): number {
  const slow = LONGEST.findIndex((name) => moduleId.includes(name));
  if (slow >= 0) return slow;
  return project.config.isolate ? LONGEST.length + 1 : LONGEST.length;
}
