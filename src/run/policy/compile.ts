/** From the text of a policy file to a script that node:vm can run. */
import { createRequire } from 'node:module';
import { basename } from 'node:path';
import type ts from 'typescript';
import { type Problem, WorkloadError } from '../../workload/problems.js';
import { instrument } from './instrument.js';

/** Plain data, as threads exchange it. */
export interface CompiledPolicy {
  readonly fileName: string;
  /** A CommonJS module's body. */
  readonly code: string;
  /** From places in the code to places in the policy file, as JSON. */
  readonly sourceMap: string;
}

/** Not import(): that reads a CommonJS module once more, for its exports, and TypeScript is large. */
const require = createRequire(import.meta.url);

/**
 * Takes the types out of a policy and counts its steps. Types are not checked: an editor does that.
 * @throws WorkloadError with line and column for what is not TypeScript (or JavaScript)
 */
export function compilePolicy(path: string, text: string): CompiledPolicy {
  const api = require('typescript') as typeof ts;
  const fileName = basename(path);
  const { outputText, sourceMapText, diagnostics } = api.transpileModule(text, {
    fileName: fileName.replace(/\.m([jt]s)$/, '.$1'), // .mjs would stay an ES module
    reportDiagnostics: true,
    transformers: { after: [instrument(api)] },
    compilerOptions: {
      target: api.ScriptTarget.ES2022,
      module: api.ModuleKind.CommonJS,
      sourceMap: true,
      allowJs: true,
      removeComments: true,
    },
  });
  const errors = diagnostics?.filter((d) => d.category === api.DiagnosticCategory.Error) ?? [];
  const problems = errors.map((error) => problemOf(api, path, text, error));
  problems.push(...importProblems(api, path, text));
  if (problems.length > 0) throw new WorkloadError(problems);
  return { fileName, code: outputText, sourceMap: sourceMapText! };
}

function problemOf(api: typeof ts, path: string, text: string, error: ts.Diagnostic): Problem {
  const message = api.flattenDiagnosticMessageText(error.messageText, ' ');
  return problemAt(path, text, error.start ?? 0, message);
}

function problemAt(path: string, text: string, start: number, message: string): Problem {
  const before = text.slice(0, start).split('\n');
  return {
    file: path,
    line: before.length,
    column: before.at(-1)!.length + 1,
    path: '',
    message,
    found: null,
    expected: null,
    source: text.split('\n')[before.length - 1]?.trimEnd() ?? '',
  };
}

/** A policy is one file, so that its text says all about it; types may come from anywhere. */
function importProblems(api: typeof ts, path: string, text: string): Problem[] {
  const file = api.createSourceFile(path, text, api.ScriptTarget.ES2022);
  const problems: Problem[] = [];
  const forbid = (node: ts.Node): void => {
    const message = 'a policy is one file: only `import type` is possible';
    problems.push(problemAt(path, text, node.getStart(file), message));
  };
  for (const statement of file.statements) {
    if (api.isImportDeclaration(statement)) {
      if (!statement.importClause?.isTypeOnly) forbid(statement);
    } else if (api.isExportDeclaration(statement)) {
      if (statement.moduleSpecifier !== undefined && !statement.isTypeOnly) forbid(statement);
    } else if (api.isImportEqualsDeclaration(statement)) forbid(statement);
  }
  const walk = (node: ts.Node): void => {
    const dynamic =
      api.isCallExpression(node) && node.expression.kind === api.SyntaxKind.ImportKeyword;
    if (dynamic) forbid(node);
    api.forEachChild(node, walk);
  };
  walk(file);
  return problems;
}
