// The content gate with one of its conditions taken to be always true, or always false: every rule of it switched off in turn, by its own text.
import { readFileSync } from 'node:fs';
import { compileFunction } from 'node:vm';
import ts from 'typescript';
import type { GatedCall, KeepDecision } from '../../../src/modules/content/content.contract.js';

const GATE = new URL('../../../src/modules/content/core/gate/policy-gate.ts', import.meta.url);

/** What the gate goes by, beside the call. */
export interface GateFacts {
  readonly policies: {
    readonly isRead: boolean;
    settingOf(organisationId: string): { readonly payloads: boolean; readonly samplePerMille: number; readonly failedInputs: boolean };
    grantsOf(organisationId: string): readonly { readonly id: string; readonly scopeId: string; readonly endsAtMs: number }[];
  };
  readonly allowance: {
    readonly policy: { readonly failedInputs: string; readonly grantDays: number };
    payloadDays(organisationId: string): number;
    failedInputDays(organisationId: string): number;
  };
  readonly clock: { nowMs(): number };
}

type Gate = new (
  policies: GateFacts['policies'],
  allowance: GateFacts['allowance'],
  clock: GateFacts['clock'],
) => { decide(call: GatedCall): KeepDecision };

export interface GateMutant {
  /** The condition, and what it is taken for. */
  readonly name: string;
  readonly Gate: Gate;
}

/** The gate as it is. */
export function soundGate(): Gate {
  return compile(readFileSync(GATE, 'utf8'));
}

/** One for each condition and each way to take it. */
export function gateMutants(): GateMutant[] {
  const text = readFileSync(GATE, 'utf8');
  const source = ts.createSourceFile('policy-gate.ts', text, ts.ScriptTarget.ESNext, true);
  return conditionsIn(source).flatMap((condition) =>
    ['true', 'false'].map((value) => ({
      name: `${condition.getText()} → ${value}`,
      Gate: compile(`${text.slice(0, condition.getStart())}(${value})${text.slice(condition.getEnd())}`),
    })),
  );
}

/** Every part of what is asked: conditions of `if` and `?`, operands of `&&` and `||`, and what a predicate answers. */
function conditionsIn(source: ts.SourceFile): ts.Expression[] {
  const conditions: ts.Expression[] = [];
  const take = (node: ts.Expression): void => void (conditions.includes(node) || conditions.push(node));
  const visit = (node: ts.Node): void => {
    if (ts.isIfStatement(node)) take(node.expression);
    if (ts.isConditionalExpression(node)) take(node.condition);
    if (
      ts.isBinaryExpression(node) &&
      [ts.SyntaxKind.AmpersandAmpersandToken, ts.SyntaxKind.BarBarToken].includes(node.operatorToken.kind)
    ) {
      take(node.left);
      take(node.right);
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return conditions;
}

function compile(text: string): Gate {
  const plain = text
    .replace(/^import .*$/gm, '')
    .replace(/^@Injectable\(\)$/gm, '')
    .replace('export class', 'class');
  const { outputText } = ts.transpileModule(plain, { compilerOptions: { target: ts.ScriptTarget.ES2024, module: ts.ModuleKind.ESNext } });
  const load = compileFunction(`${outputText.replace(/^export \{\};$/m, '')}\nreturn PolicyGate;`, ['ContentGate', 'KEEP_NOTHING']) as (
    base: new () => object,
    nothing: KeepDecision,
  ) => Gate;
  return load(class {}, { success: null, failure: null });
}
