// The import rules of the house. Arrows run downward only:
//
//   app, cli → modules → contracts → platform → kernel
//
// and between modules only along the table below, through the other module's `*.contract.ts` or `*.module.ts`.
// Each rule has a planted violation in test/architecture/dependency-rules.spec.ts.

const ground = ['audit', 'tenants', 'notifications'];

/** Which modules' contracts a module may use. Adding an arrow here is a design decision: write an ADR. */
const mayUse = {
  audit: [],
  tenants: ['audit'],
  notifications: ['audit'],
  accounts: ground,
  federation: ['accounts', ...ground],
  auth: ['accounts', ...ground],
  credentials: ground,
  subprocessors: ground,
  routing: ['tenants', 'credentials', 'subprocessors', 'audit'],
  usage: ground,
  content: ['tenants', 'credentials', 'audit'],
  gateway: ['auth', 'routing', 'credentials', 'usage', 'content'],
  billing: ['usage', ...ground],
  retention: ['audit'],
  backups: ['audit'],
  gdpr: ['accounts', 'auth', 'retention', ...ground],
  compliance: ['subprocessors', 'retention', ...ground],
};

/** From the lowest up: a layer may import itself and every layer before it. */
const layers = ['kernel', 'platform', 'contracts', 'modules'];
const top = '^src/(app|cli)/|^src/main\\.ts$';
const spec = '\\.spec\\.ts$';

const rule = (name, comment, from, to) => ({ name, comment, severity: 'error', from, to });

const layerRules = layers.map((layer, height) =>
  rule(
    `${layer}-below`,
    `${layer} knows nothing of what is built on it.`,
    { path: `^src/${layer}/` },
    { path: [top, ...layers.slice(height + 1).map((upper) => `^src/${upper}/`)] },
  ),
);

const moduleRules = Object.entries(mayUse).map(([module, others]) =>
  rule(
    `${module}-may-use`,
    others.length > 0 ? `${module} may use the contracts of ${others.join(', ')}.` : `${module} uses no other module.`,
    { path: `^src/modules/${module}/` },
    { path: '^src/modules/', pathNot: [module, ...others].map((name) => `^src/modules/${name}/`) },
  ),
);

module.exports = {
  forbidden: [
    rule('no-circular', 'A cycle has no order to be read or loaded in.', {}, { circular: true }),
    rule('no-unresolvable', 'An import that leads nowhere, or to a package nobody installed.', {}, { couldNotResolve: true }),
    rule(
      'kernel-is-pure',
      'The kernel does no I/O and knows no framework: only itself, uuid and what Node computes in memory.',
      { path: '^src/kernel/', pathNot: spec },
      { pathNot: ['^src/kernel/', '^(node:)?(assert|crypto|util)$', '(^|/)node_modules/uuid/'] },
    ),
    ...layerRules,
    rule(
      'known-modules-only',
      'A new module gets its row in the table first.',
      { path: `^src/modules/(?!(${Object.keys(mayUse).join('|')})/)` },
      {},
    ),
    rule(
      'contract-only',
      "Another module is used through its contract; its module file is for composition. The rest is that module's own business.",
      { path: '^src/modules/([^/]+)/' },
      { path: '^src/modules/', pathNot: ['^src/modules/$1/', '\\.(contract|module)\\.ts$'] },
    ),
    ...moduleRules,
    rule(
      'http-on-top',
      'Inside a module, use-cases, data and jobs do not know how they are called over HTTP.',
      { path: '^src/modules/[^/]+/(core|data|jobs)/', pathNot: spec },
      { path: '^src/modules/[^/]+/http/' },
    ),
    rule(
      'data-at-the-bottom',
      'Inside a module, repositories and entities start no use-case and no job.',
      { path: '^src/modules/[^/]+/data/', pathNot: spec },
      { path: '^src/modules/[^/]+/jobs/' },
    ),
    rule(
      'no-test-code-in-production',
      'What ships imports no spec, no harness and no script.',
      { path: '^src/', pathNot: spec },
      { path: [spec, '^(test|scripts|bench)/'] },
    ),
    rule(
      'no-dev-dependency-in-production',
      'What ships imports only what `npm ci --omit=dev` installs.',
      { path: '^(src|migrations)/', pathNot: spec },
      { dependencyTypes: ['npm-dev'] },
    ),
    rule(
      'no-undeclared-dependency',
      'A package is named in package.json before it is imported: another package may stop bringing it.',
      { path: '^(src|test|migrations|scripts)/' },
      { dependencyTypes: ['npm-no-pkg', 'npm-unknown'] },
    ),
  ],
  options: {
    parser: 'swc',
    tsConfig: { fileName: 'tsconfig.json' },
    tsPreCompilationDeps: true,
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['node', 'import', 'require', 'default', 'types'] },
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '^dist/' },
  },
};
