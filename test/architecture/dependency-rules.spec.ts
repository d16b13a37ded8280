import { createRequire } from 'node:module';
import { resolve } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { PlantedProject } from './planted-project.js';

interface Configuration {
  readonly forbidden: readonly { readonly name: string }[];
}

interface CruiseResult {
  readonly summary: {
    readonly violations: readonly { readonly from: string; readonly to: string; readonly rule: { readonly name: string } }[];
  };
}

const CONFIGURATION = '.dependency-cruiser.cjs';
const rules = (createRequire(import.meta.url)(resolve(CONFIGURATION)) as Configuration).forbidden.map((rule) => rule.name);

/** Rule → the file that breaks it and the import that does. What is imported is planted as well, unless it is a package. */
const planted: Record<string, readonly [from: string, to: string]> = {
  'no-circular': ['src/kernel/egg.ts', 'src/kernel/hen.ts'],
  'no-unresolvable': ['src/kernel/lost.ts', './nowhere.js'],
  'kernel-is-pure': ['src/kernel/reader.ts', 'node:fs'],
  'kernel-below': ['src/kernel/climber.ts', 'src/platform/http/paths.ts'],
  'platform-below': ['src/platform/queue/climber.ts', 'src/contracts/events.ts'],
  'contracts-below': ['src/contracts/climber.ts', 'src/modules/audit/audit.contract.ts'],
  'modules-below': ['src/modules/tenants/climber.ts', 'src/app/start.ts'],
  'known-modules-only': ['src/modules/smuggled/smuggled.ts', 'src/kernel/plain.ts'],
  'contract-only': ['src/modules/tenants/nosy.ts', 'src/modules/audit/data/audit.repository.ts'],
  'http-on-top': ['src/modules/tenants/core/upside-down.ts', 'src/modules/tenants/http/tenants.dto.ts'],
  'data-at-the-bottom': ['src/modules/tenants/data/tenants.repository.ts', 'src/modules/tenants/jobs/sweep.job.ts'],
  'no-test-code-in-production': ['src/app/cheat.ts', 'test/harness/fake.ts'],
  'no-dev-dependency-in-production': ['src/app/heavy.ts', 'fast-check'],
  'no-undeclared-dependency': ['src/app/borrowed.ts', 'acorn'],
  'audit-may-use': ['src/modules/audit/wrong.ts', 'src/modules/tenants/tenants.contract.ts'],
  'tenants-may-use': ['src/modules/tenants/wrong.ts', 'src/modules/usage/usage.contract.ts'],
  'notifications-may-use': ['src/modules/notifications/wrong.ts', 'src/modules/tenants/tenants.contract.ts'],
  'accounts-may-use': ['src/modules/accounts/wrong.ts', 'src/modules/auth/auth.contract.ts'],
  'federation-may-use': ['src/modules/federation/wrong.ts', 'src/modules/auth/auth.contract.ts'],
  'auth-may-use': ['src/modules/auth/wrong.ts', 'src/modules/routing/routing.contract.ts'],
  'credentials-may-use': ['src/modules/credentials/wrong.ts', 'src/modules/auth/auth.contract.ts'],
  'subprocessors-may-use': ['src/modules/subprocessors/wrong.ts', 'src/modules/routing/routing.contract.ts'],
  'routing-may-use': ['src/modules/routing/wrong.ts', 'src/modules/usage/usage.contract.ts'],
  'usage-may-use': ['src/modules/usage/wrong.ts', 'src/modules/credentials/credentials.contract.ts'],
  'content-may-use': ['src/modules/content/wrong.ts', 'src/modules/usage/usage.contract.ts'],
  'gateway-may-use': ['src/modules/gateway/wrong.ts', 'src/modules/billing/billing.contract.ts'],
  'billing-may-use': ['src/modules/billing/wrong.ts', 'src/modules/gateway/gateway.contract.ts'],
  'retention-may-use': ['src/modules/retention/wrong.ts', 'src/modules/tenants/tenants.contract.ts'],
  'backups-may-use': ['src/modules/backups/wrong.ts', 'src/modules/tenants/tenants.contract.ts'],
  'gdpr-may-use': ['src/modules/gdpr/wrong.ts', 'src/modules/content/content.contract.ts'],
  'compliance-may-use': ['src/modules/compliance/wrong.ts', 'src/modules/gdpr/gdpr.contract.ts'],
};

/** What must stay allowed: every one of these is an arrow of the table, or a door of composition. */
const permitted: readonly (readonly [from: string, to: string])[] = [
  ['src/app/compose.ts', 'src/modules/tenants/tenants.module.ts'],
  ['src/modules/gateway/right.ts', 'src/modules/usage/usage.contract.ts'],
  ['src/modules/tenants/http/tenants.controller.ts', 'src/modules/tenants/core/create.ts'],
  ['src/kernel/id-maker.ts', 'uuid'],
  ['src/kernel/property.spec.ts', 'fast-check'],
];

function plant(): PlantedProject {
  const files: Record<string, string> = { 'src/kernel/hen.ts': "import './egg.js';\nexport const hen = 1;\n" };
  for (const [from, to] of [...Object.values(planted), ...permitted]) {
    const ours = /^(src|test)\//.test(to);
    const up = '../'.repeat(from.split('/').length - 1);
    files[from] = `import '${ours ? up + to.replace(/\.ts$/, '.js') : to}';\nexport const value = 1;\n`;
    if (ours) files[to] ??= 'export const target = 1;\n';
  }
  return new PlantedProject(files, [CONFIGURATION, 'tsconfig.json', 'package.json']);
}

describe('the import rules', () => {
  const project = plant();
  const { stdout } = project.run('depcruise', '--config', CONFIGURATION, '--output-type', 'json', 'src');
  const { violations } = (JSON.parse(stdout) as CruiseResult).summary;
  afterAll(() => project[Symbol.dispose]());

  it('have a planted violation each', () => {
    expect(Object.keys(planted).toSorted()).toEqual(rules.toSorted());
  });

  it.each(Object.entries(planted))('%s: the planted violation is caught', (rule, [from]) => {
    expect(violations.filter((each) => each.from === from).map((each) => each.rule.name)).toContain(rule);
  });

  it.each(permitted)('let %s import %s', (from) => {
    expect(violations.filter((each) => each.from === from)).toEqual([]);
  });
});
