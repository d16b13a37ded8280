import ts from 'typescript';

/** The most a file, a function and a parameter list may hold (docs: CONTRIBUTING.md, "Sizes"). */
export const LIMITS = { fileLines: 400, functionLines: 70, parameters: 4 } as const;

export type Measure = keyof typeof LIMITS;

/** Something larger than its limit. `where` is a path, or `path#function` for what belongs to a function. */
export interface Oversize {
  readonly measure: Measure;
  readonly where: string;
  readonly size: number;
}

/** What is allowed to be larger, and exactly how large. It may only shrink: see {@link ratchetFailures}. */
export type Ratchet = Readonly<Partial<Record<Measure, Readonly<Record<string, number>>>>>;

/** Measures one source file. Blank lines and comments count: they have to be read as well. */
export function oversizes(path: string, text: string): Oversize[] {
  const source = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true);
  const found: Oversize[] = [];
  const note = (measure: Measure, where: string, size: number): void => {
    if (size > LIMITS[measure]) found.push({ measure, where, size });
  };
  const visit = (node: ts.Node): void => {
    if (isFunction(node)) {
      const where = `${path}#${nameOf(node)}`;
      if (!groupsTests(node)) note('functionLines', where, linesOf(source, node));
      note('parameters', where, node.parameters.filter((each) => each.name.getText(source) !== 'this').length);
    }
    ts.forEachChild(node, visit);
  };
  note('fileLines', path, text.trimEnd().split('\n').length);
  visit(source);
  return found;
}

/**
 * Compares what is oversized with what the ratchet allows. An entry that is too generous fails as well, so that gains are kept.
 * Functions of one file that share a name share an entry, which holds the largest.
 */
export function ratchetFailures(all: readonly Oversize[], ratchet: Ratchet): string[] {
  const same = (a: Oversize, b: Oversize): boolean => a.measure === b.measure && a.where === b.where;
  const found = all.filter(
    (each, at) => !all.some((other, index) => same(each, other) && (other.size > each.size || (other.size === each.size && index < at))),
  );
  const failures: string[] = [];
  for (const { measure, where, size } of found) {
    const allowed = ratchet[measure]?.[where];
    if (allowed === undefined) failures.push(`${measure}: ${where} has ${size}, the limit is ${LIMITS[measure]}`);
    else if (size > allowed) failures.push(`${measure}: ${where} grew from ${allowed} to ${size}; it may only shrink`);
    else if (size < allowed) failures.push(`${measure}: ${where} shrank to ${size}; write that into ratchet.json (it says ${allowed})`);
  }
  for (const [measure, entries] of Object.entries(ratchet)) {
    for (const where of Object.keys(entries)) {
      const needed = found.some((each) => each.measure === measure && each.where === where);
      if (!needed) failures.push(`${measure}: ${where} is within the limit now; remove it from ratchet.json`);
    }
  }
  return failures;
}

type AnyFunction = ts.FunctionLikeDeclaration & { readonly body: ts.Node };

function isFunction(node: ts.Node): node is AnyFunction {
  return ts.isFunctionLike(node) && 'body' in node && node.body !== undefined;
}

/** `describe(…, () => {…})` is a chapter, not a function anyone has to hold in mind at once. */
function groupsTests(node: ts.Node): boolean {
  const call = node.parent;
  return ts.isCallExpression(call) && /^describe\b/.test(call.expression.getText());
}

function nameOf(node: AnyFunction): string {
  if (ts.isConstructorDeclaration(node)) return `${classNameOf(node)}constructor`;
  if (node.name) return `${classNameOf(node)}${node.name.getText()}`;
  const { parent } = node;
  if (ts.isVariableDeclaration(parent) || ts.isPropertyAssignment(parent) || ts.isPropertyDeclaration(parent)) return parent.name.getText();
  if (ts.isCallExpression(parent)) return `${parent.expression.getText().slice(0, 40)}(${titleOf(parent)})`;
  return 'anonymous';
}

function classNameOf(node: ts.Node): string {
  return ts.isClassLike(node.parent) && node.parent.name ? `${node.parent.name.text}.` : '';
}

function titleOf(call: ts.CallExpression): string {
  const [first] = call.arguments;
  return first && ts.isStringLiteralLike(first) ? first.text : '';
}

function linesOf(source: ts.SourceFile, node: ts.Node): number {
  const first = source.getLineAndCharacterOfPosition(node.getStart(source)).line;
  const last = source.getLineAndCharacterOfPosition(node.getEnd()).line;
  return last - first + 1;
}
