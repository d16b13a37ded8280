import { basename } from 'node:path';
import ts from 'typescript';

/** One breach of a house rule; `rule` is the name CONTRIBUTING.md lists. */
export interface Breach {
  readonly rule: StyleRule;
  readonly path: string;
  readonly message: string;
}

export type StyleRule =
  | 'barrel'
  | 'file-name'
  | 'forbidden-name'
  | 'mocked-own-code'
  | 'module-readme'
  | 'nest-exception'
  | 'property-function'
  | 'test-place'
  | 'wall-clock';

const FORBIDDEN = /(^|[-./])(utils?|helpers?|common|managers?)(?=[-./]|$)/;
const ROLES = ['module', 'contract', 'controller', 'guard', 'filter', 'dto', 'entity', 'repository', 'inventory', 'job', 'errors'];
/** A spec keeps the whole name of what it tests: `keys.controller.spec.ts`, `ledger.repository.db.spec.ts`. */
const FILE_NAME = new RegExp(`^[a-z0-9]+(-[a-z0-9]+)*(\\.(${ROLES.join('|')}))?(\\.(spec|db\\.spec|d))?\\.ts$`);
/** `<module>.<route>.e2e.spec.ts`: here a dot separates two names. */
const E2E_NAME = /^[a-z0-9-]+(\.[a-z0-9-]+)*\.e2e\.spec\.ts$/;
/** A module's README is one screen. */
const README_LINES = 80;

/** What the path alone tells: names, roles and where tests may live. */
export function pathBreaches(path: string): Breach[] {
  const name = basename(path);
  const breaches: Breach[] = [];
  const breach = (rule: StyleRule, message: string): void => void breaches.push({ rule, path, message });

  if (FORBIDDEN.test(path)) breach('forbidden-name', 'utils, helpers, common and manager say nothing: name what it does');
  const wellNamed = name.includes('.e2e.') ? E2E_NAME : FILE_NAME;
  if (inNamedRoom(path) && !wellNamed.test(name))
    breach('file-name', `<thing>.<role>.ts in lower case; roles are ${ROLES.join(', ')}, spec, db.spec`);
  if (name.endsWith('.e2e.spec.ts') !== (path.startsWith('test/e2e/') && name.endsWith('.spec.ts'))) {
    breach('test-place', 'test/e2e holds the *.e2e.spec.ts files, all of them and no other spec');
  }
  return breaches;
}

/** The clock itself, and ids, whose time only makes them sort: they are asked for where no clock can be handed in. */
const MAKES_TIME = new Set(['src/kernel/clock.ts', 'src/kernel/ids.ts']);

/** What the text tells. Each rule reads the syntax tree, so a word in a comment or a string is no breach. */
export function textBreaches(path: string, text: string): Breach[] {
  const source = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true);
  const breaches: Breach[] = [];
  const breach = (rule: StyleRule, message: string): void => void breaches.push({ rule, path, message });
  const isSpec = path.endsWith('.spec.ts');
  const holdsLogic = /^src\/(modules|contracts|kernel)\//.test(path) && !isSpec;
  const onCallPath = /^src\/modules\/(gateway|usage)\//.test(path) && !isSpec;
  const visit = (node: ts.Node): void => {
    if (readsWallClock(node) && holdsLogic && !MAKES_TIME.has(path)) {
      breach('wall-clock', `line ${lineOf(source, node)}: ask the injected Clock, so that a test can live through seven years`);
    }
    if (onCallPath && assignsFunctionToProperty(node)) {
      const message = `line ${lineOf(source, node)}: V8 makes such a function in the old generation, and with it all the call it closes over`;
      breach('property-function', `${message}: keep an object with a method instead`);
    }
    if (isSpec && mocksOwnCode(node))
      breach('mocked-own-code', `line ${lineOf(source, node)}: use the real thing, or a stand-in of a peer`);
    ts.forEachChild(node, visit);
  };

  if (isBarrel(source)) breach('barrel', 'a file that only re-exports hides where things live');
  if (/^src\/(modules|contracts|kernel)\//.test(path) && !isSpec) {
    for (const name of nestExceptions(source)) breach('nest-exception', `${name}: raise an AppError from the module's catalogue`);
  }
  visit(source);
  return breaches;
}

/** Every folder of src/modules with code in it explains itself in a README of one screen. `readme` reads it, or gives nothing. */
export function moduleBreaches(paths: readonly string[], readme: (path: string) => string | undefined): Breach[] {
  const modules = new Set(paths.flatMap((path) => /^src\/modules\/[^/]+/.exec(path) ?? []));
  return [...modules].flatMap((folder): Breach[] => {
    const path = `${folder}/README.md`;
    const lines = readme(path)?.trimEnd().split('\n').length;
    if (lines === undefined) return [{ rule: 'module-readme', path, message: 'purpose, invariants, tables, what it promises others' }];
    return lines > README_LINES ? [{ rule: 'module-readme', path, message: `${lines} lines; one screen is ${README_LINES}` }] : [];
  });
}

function inNamedRoom(path: string): boolean {
  return /^(src|scripts|test)\//.test(path);
}

function isBarrel(source: ts.SourceFile): boolean {
  const { statements } = source;
  const only = statements.every((each) => ts.isExportDeclaration(each) || ts.isImportDeclaration(each));
  // `export {}` alone makes a script a module and passes nothing on.
  return only && statements.some((each) => ts.isExportDeclaration(each) && !/^export \{\s*\}/.test(each.getText(source)));
}

function readsWallClock(node: ts.Node): boolean {
  if (ts.isNewExpression(node)) return node.expression.getText() === 'Date' && (node.arguments?.length ?? 0) === 0;
  return ts.isCallExpression(node) && node.expression.getText() === 'Date.now';
}

/** `call.cancel = () => …`: the parser marks such a literal to be pretenured. A literal in an object literal or an argument is not. */
function assignsFunctionToProperty(node: ts.Node): boolean {
  if (!ts.isBinaryExpression(node) || node.operatorToken.kind !== ts.SyntaxKind.EqualsToken) return false;
  if (!ts.isPropertyAccessExpression(node.left) && !ts.isElementAccessExpression(node.left)) return false;
  return ts.isArrowFunction(node.right) || ts.isFunctionExpression(node.right);
}

function mocksOwnCode(node: ts.Node): boolean {
  if (!ts.isCallExpression(node) || !/^vi\.(mock|doMock)$/.test(node.expression.getText())) return false;
  const [target] = node.arguments;
  return target === undefined || !ts.isStringLiteralLike(target) || target.text.startsWith('.');
}

function nestExceptions(source: ts.SourceFile): string[] {
  return source.statements
    .filter(ts.isImportDeclaration)
    .filter((each) => ts.isStringLiteral(each.moduleSpecifier) && each.moduleSpecifier.text === '@nestjs/common')
    .flatMap((each) => {
      const named = each.importClause?.namedBindings;
      return named && ts.isNamedImports(named) ? named.elements.map((element) => (element.propertyName ?? element.name).text) : [];
    })
    .filter((name) => name.endsWith('Exception'));
}

function lineOf(source: ts.SourceFile, node: ts.Node): number {
  return source.getLineAndCharacterOfPosition(node.getStart(source)).line + 1;
}
